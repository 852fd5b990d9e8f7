import { describe, expect, it, vi } from 'vitest'
import { type Commit, fromImage } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { rechained } from '../audit/history.ts'
import { canary, deployed, openWorld, report, type World } from './world.ts'

const timestamp = '2026-01-05T10:00:00Z'
const watched = { ...canary, canaryPercent: 20, autoContinue: true, bakeSeconds: 3600 }

/** What the agent of a target says of its update to v1.2.0. */
const says = (world: World, target: string, status: string, body: object = {}) =>
  world.call('POST', '/api/v1/updates/status', {
    as: { lambda: { kind: 'agent', target, tokenHash: '' } },
    body: { version: 'v1.2.0', timestamp, status, code: 'HEALTH_CHECK_FAILED', ...body },
  })

/** Ten customers, of which two are canaries that have completed and are watched for an hour. */
async function baking(body: object = {}, commits: Commit[] = []) {
  const world = openWorld({ heard: true })
  world.log.subscribe(({ dynamodb }) => commits.push(fromImage(dynamodb?.NewImage)))
  await world.fleet(10)
  const id = await deployed(world, { ...watched, ...body })
  const canaries = await report(world)
  expect(await world.advance(id)).toBe('bake')
  const status = async () => (await world.call('GET', `/api/upgrades/${id}/status`)).body
  /** The bake is over by the clock, and the execution goes on. */
  const later = async (seconds: number) => {
    world.pass(seconds)
    for (const _ of ['the bake ends', 'the next wave begins']) await world.advance(id)
  }
  return { world, id, canaries, status, later }
}

describe('a canary that fails after it has completed, while it is watched', () => {
  it.each(['failed', 'rolled-back'])('and says that it %s, is heard, and nobody follows', async (said) => {
    const { world, canaries, status, later } = await baking()
    const [first = ''] = canaries
    const reply = await says(world, first, said)
    expect(reply).toMatchObject({
      status: 200,
      body: { result: 'regressed', outcome: said === 'failed' ? 'failed' : 'rolled_back' },
    })
    expect((await says(world, first, said)).body.result).toBe('unchanged')
    expect(await status()).toMatchObject({ status: 'paused', completed: 1, failed: 1 })
    await later(3600)
    expect(await status()).toMatchObject({ status: 'paused', wave: 1, inProgress: 0 })
  })

  it('is shown by its target, the logs, the story and the explanation', async () => {
    const { world, id, canaries } = await baking()
    const [first = ''] = canaries
    await says(world, first, 'failed')
    const target = (await world.call('GET', `/api/v1/targets/${first}`)).body
    expect(target).toMatchObject({
      components: { api: 'v1.1.0' },
      attempts: [
        {
          outcome: 'succeeded',
          regression: { outcome: 'failed', code: 'HEALTH_CHECK_FAILED', recoveredAt: null },
        },
      ],
    })
    const { reasons, verdict } = (await world.call('GET', `/api/v1/targets/${first}/explain`)).body
    expect(verdict).toBe('blocked')
    expect(reasons[0].detail).toContain(`which had succeeded`)
    const { logs } = (await world.call('GET', `/api/upgrades/${id}/logs`, { query: { status: 'failed' } }))
      .body
    expect(logs).toMatchObject([{ customer_id: first, error: 'HEALTH_CHECK_FAILED' }])
    const { events } = (await world.call('GET', `/api/upgrades/${id}/events`, { query: { limit: '100' } }))
      .body
    expect(events.map(({ sentence }: { sentence: string }) => sentence)).toContain(
      '1 target of wave 1 failed after they had succeeded.',
    )
  })

  it('is taken back with the others, or tried again', async () => {
    const { world, id, canaries } = await baking()
    const [first = '', second = ''] = canaries
    await says(world, first, 'failed')
    await world.call('POST', `/api/upgrades/${id}/rollback`)
    await world.advance(id)
    const { children } = (await world.call('GET', `/api/upgrades/${id}`)).body
    await world.advance(children[0].upgradeId)
    expect((await report(world)).sort()).toEqual([first, second].sort())

    const again = await baking()
    const [failed = ''] = again.canaries
    await says(again.world, failed, 'rolled-back')
    await again.world.call('POST', `/api/upgrades/${again.id}/abort`, { body: { reason: 'enough' } })
    await again.world.advance(again.id)
    const retry = await again.world.call('POST', `/api/upgrades/${again.id}/retry-failed`)
    expect(retry.status).toBe(202)
    await again.world.advance(retry.body.upgradeId)
    expect(await report(again.world)).toEqual([failed])
  })

  it('takes the whole upgrade back where failures do', async () => {
    const { world, canaries, status } = await baking({ failureThreshold: { action: 'rollback' } })
    await says(world, canaries[0] ?? '', 'failed')
    expect((await status()).status).toBe('aborting')
  })

  it('is told to integrations once', async () => {
    const { world, id, canaries } = await baking()
    const sent = vi.spyOn(world.services.bus.client, 'send')
    const [first = ''] = canaries
    for (const _ of ['once', 'again']) await says(world, first, 'failed')
    await world.settle()
    const told = sent.mock.calls
      .flatMap(([{ input }]) => ('Entries' in input ? (input.Entries ?? []) : []))
      .map(({ Detail = '' }) => JSON.parse(Detail))
      .filter(({ type }) => type === 'AttemptRegressed')
    expect(told).toMatchObject([
      {
        targetId: first,
        data: { upgradeId: id, outcome: 'failed', code: 'HEALTH_CHECK_FAILED', version: 'v1.1.0' },
      },
    ])
  })

  it('still counts when it is well again, which its target shows', async () => {
    const { world, canaries, status } = await baking()
    const [first = ''] = canaries
    await says(world, first, 'failed')
    expect((await says(world, first, 'completed')).body).toMatchObject({
      result: 'recovered',
      outcome: 'succeeded',
    })
    expect((await world.call('GET', `/api/v1/targets/${first}`)).body.components.api).toBe('v1.2.0')
    expect(await status()).toMatchObject({ status: 'paused', failed: 1 })
    expect((await says(world, first, 'failed')).body.result).toBe('regressed')
    expect((await says(world, first, 'completed')).body.code).toBe('attempt-over')
    expect(await status()).toMatchObject({ failed: 1, completed: 1 })
  })

  it('is a matter of its target alone once the next wave has begun', async () => {
    const { world, id, canaries, status, later } = await baking()
    await later(3600)
    expect(await status()).toMatchObject({ wave: 2, inProgress: 8 })
    expect((await says(world, canaries[0] ?? '', 'failed')).body.result).toBe('regressed')
    expect(await status()).toMatchObject({ status: 'in_progress', failed: 0 })
    await report(world)
    expect(await world.advance(id)).toBe('ended')
  })
})

describe('canaries that fall silent after they have completed', () => {
  const day = 86_400
  const long = { bakeSeconds: 2 * day, gate: { successRatePercent: 100 } }

  it('are no data for the gate of a bake of days', async () => {
    const { world, canaries, status, later } = await baking(long)
    for (const target of canaries) world.silent.add(target)
    await later(2 * day)
    expect(await status()).toMatchObject({
      status: 'paused',
      holds: [{ code: 'GATE_INCONCLUSIVE' }, { code: 'OPERATOR', ref: expect.stringContaining('heard') }],
    })
  })

  it('are not asked for after a bake of an hour, however seldom agents ask', async () => {
    const { world, canaries, status, later } = await baking({ gate: { successRatePercent: 100 } })
    for (const target of canaries) world.silent.add(target)
    await later(3600)
    expect(await status()).toMatchObject({ status: 'in_progress', wave: 2 })
  })

  it('are heard of by their gateway', async () => {
    const { world, canaries, status, later } = await baking(long)
    await world.call('POST', '/api/v1/targets', { body: { id: 'gateway-1', components: { os: 'v1.0.0' } } })
    for (const target of canaries) {
      world.silent.add(target)
      await world.call('PATCH', `/api/v1/targets/${target}`, { body: { gateway: 'gateway-1' } })
    }
    await later(2 * day)
    expect(await status()).toMatchObject({ status: 'in_progress', wave: 2 })
  })
})

it('a log in which an upgrade has lost a regression is found by the audit', async () => {
  const commits: Commit[] = []
  const { world, canaries, later } = await baking({}, commits)
  await says(world, canaries[0] ?? '', 'failed')
  await later(3600)
  expect((await audit(commits)).findings).toEqual([])
  const lost = commits.filter(({ events }) => events.every(({ type }) => type !== 'MembersRegressed'))
  const { findings } = await audit(rechained(lost))
  expect(findings.map(({ invariant, words }) => `${invariant}: ${words}`)).toContainEqual(
    expect.stringMatching(/^I5: Attempt .* regressed, and upgrade .* had not counted it/),
  )
})
