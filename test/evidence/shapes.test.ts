import { describe, expect, test } from 'vitest'
import { getEvidence } from '../../functions/api/evidence/get.ts'
import { approved, platform, started, statusOf, twoPhases } from '../api/rollout-world.ts'
import { canary, deployed, openWorld, report } from '../api/world.ts'
import { fetched, filesIn, inParts, upgraded, verified } from './packs.ts'

const textIn = (pack: readonly Buffer[], name: string) =>
  pack
    .flatMap(filesIn)
    .flatMap((file) => (file.name === name ? [file.bytes.toString()] : []))
    .join('')

describe('evidence of', () => {
  test('a part of a rollout brings the stream of the rollout along, whose approvals it had', async () => {
    const world = await platform()
    const id = await started(world, { ...twoPhases, approvals: { required: 1 } })
    await approved(world, id)
    await report(world)
    await world.advanceRollout(id)
    const { phases } = await statusOf(world, id)
    const [{ upgradeId }] = phases
    const pack = await fetched(world, upgradeId)
    expect(textIn(pack, 'context.jsonl')).toContain(`"stream":"rollout#${id}"`)
    expect(textIn(pack, 'context.jsonl')).toContain('ApprovalGiven')
    expect(verified(pack).findings).toEqual([])
  })

  test('an upgrade by a procedure brings the procedure along', async () => {
    const world = openWorld()
    await world.fleet(2)
    const steps = [{ id: 'look', name: 'Look', wait: { seconds: 1 } }]
    await world.call('PUT', '/api/v1/procedures/node', { body: { description: 'x', steps } })
    const body = { component: 'api', version: 'v1.2.0', strategy: 'all', procedure: { name: 'node' } }
    const id = await deployed(world, body)
    const pack = await fetched(world, id)
    expect(textIn(pack, 'context.jsonl')).toContain('"stream":"procedure#node"')
    expect(verified(pack).findings).toEqual([])
  })

  test('a target that failed after it had succeeded has both ends', async () => {
    const world = openWorld({ heard: true })
    await world.fleet(10)
    const id = await deployed(world, { ...canary, canaryPercent: 20, autoContinue: true, bakeSeconds: 3600 })
    const [first = ''] = await report(world)
    await world.advance(id)
    const as = { lambda: { kind: 'agent', target: first, tokenHash: '' } }
    const body = { version: 'v1.2.0', timestamp: '2026-01-05T10:00:00Z', status: 'failed', code: 'X' }
    await world.call('POST', '/api/v1/updates/status', { as, body })
    await world.advance(id)
    const pack = await fetched(world, id)
    expect(textIn(pack, 'upgrade.jsonl')).toContain('MembersRegressed')
    expect(textIn(pack, 'targets.jsonl')).toContain('AttemptRegressed')
    expect(verified(pack).findings).toEqual([])
  })

  test('a rollback, of targets whose releases are each their own, is held against each', async () => {
    const { world, id } = await upgraded({ targets: 4 })
    const { upgradeId } = (await world.call('POST', `/api/upgrades/${id}/rollback`)).body
    await world.advance(upgradeId)
    await report(world)
    await world.advance(upgradeId)
    const { findings, unproven } = verified(await fetched(world, upgradeId))
    expect(findings).toEqual([])
    expect(unproven.join('\n')).toContain('Who made api 2.4.0: it was not registered.')
  })

  test('a few of many targets looks through all documents of heads, and takes the time of a part for each part', async () => {
    const { world, id } = await upgraded({ targets: 2 })
    const others = Array.from({ length: 100 }, (_, n) => ({ id: `other-${n}`, components: { web: '1.0.0' } }))
    await world.call('POST', '/api/v1/targets', { body: { targets: others } })
    // The rounds that there are know nothing of the others yet, so the upgrade goes on a little.
    await world.call('POST', `/api/upgrades/${id}/rollback`)
    await world.heads.write(1)
    world.pass(24 * 3600)
    await world.heads.write(1)
    world.pass(24 * 3600)
    await world.heads.write(1)
    let [clock, most] = [0, 0]
    const { keptHeads } = world.services
    const slow = {
      ...world.services,
      now: () => Date.parse('2026-02-01T00:00:00.000Z') + clock,
      keptHeads: {
        newest: keptHeads.newest,
        numbered: (number: number) => {
          clock += 1000
          return keptHeads.numbered(number)
        },
      },
    }
    const parts: Buffer[] = []
    for (let part: string | undefined = ''; part !== undefined; ) {
      const before = clock
      const { zip, next } = await getEvidence({ params: { id }, query: part === '' ? {} : { part } }, slow)
      // What a pack begins with is found by bisection, once.
      if (part !== '') most = Math.max(most, clock - before)
      parts.push(Buffer.from(zip?.bytes ?? []))
      part = /part=([\w-]+)/.exec(next ?? '')?.[1]
    }
    expect(parts.length).toBeGreaterThan(5)
    expect(most).toBeLessThanOrEqual(12_000)
    expect(verified(parts, world.heads.key)).toMatchObject({ findings: [], unproven: [] })
    expect(textIn(parts, 'upgrade.jsonl')).toBe(textIn(await inParts(world.services, id), 'upgrade.jsonl'))
  })
})
