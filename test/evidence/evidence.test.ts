import { beforeAll, describe, expect, test } from 'vitest'
import { deployed, openWorld, report, viewer } from '../api/world.ts'
import { fetched, filesIn, forged, inParts, lines, upgraded, verified } from './packs.ts'

let world: Awaited<ReturnType<typeof upgraded>>['world']
let id: string
let parts: Buffer[]
beforeAll(async () => {
  ;({ world, id } = await upgraded())
  parts = await fetched(world, id)
})

const textIn = (pack: readonly Buffer[], name: string) =>
  pack
    .flatMap(filesIn)
    .flatMap((file) => (file.name === name ? [file.bytes.toString()] : []))
    .join('')

describe('the evidence of an upgrade (N6)', () => {
  test('is proven from its request to its last commit, with approvals, release, targets and signed heads', () => {
    const { findings, unproven, proven } = verified(parts, world.heads.key)
    expect({ findings, unproven }).toEqual({ findings: [], unproven: [] })
    expect(proven.join('\n')).toMatch(/It needed 1 approval and was given 1, none by who asked/)
    expect(proven.join('\n')).toMatch(/signed by 1 key that counted when it began; 1 had to/)
    expect(proven.join('\n')).toMatch(/13 ends that the upgrade counts are told by the targets/)
    expect(proven.join('\n')).toMatch(/15 of 15 streams are those of \d documents of heads/)
    expect(proven.join('\n')).toMatch(/2 measurements stand in the stream/)
  })

  test('is the same in parts of any size, in whatever order they are named', async () => {
    for (const bytes of [1, 8000, 30_000]) {
      const pieces = await inParts(world.services, id, { bytes, milliseconds: 1e9 })
      expect(pieces.length).toBeGreaterThan(1)
      for (const name of ['upgrade.jsonl', 'plan.jsonl', 'context.jsonl', 'targets.jsonl', 'report.md'])
        expect(textIn(pieces, name), name).toBe(textIn(parts, name))
      const verdict = verified(pieces.toReversed(), world.heads.key)
      expect({ ...verdict, proven: [] }).toMatchObject({ findings: [], unproven: [] })
    }
  })

  test('is cut by time as well, and each part has something in it', async () => {
    const pieces = await inParts(world.services, id, { bytes: 1e9, milliseconds: 0 })
    expect(Math.min(...pieces.map((piece) => filesIn(piece).length))).toBe(2)
    expect(verified(pieces, world.heads.key).findings).toEqual([])
  })

  test('fits into what a function may answer, in base64, however little it can be packed', async () => {
    const { usualLimits } = await import('../../functions/api/evidence/part.ts')
    // One item more may be of the size of the largest commit.
    expect(((usualLimits.bytes + 350 * 1024) * 4) / 3).toBeLessThan(6 * 1000 * 1000)
  })

  test('is a zip file of its own name, which no cache keeps', async () => {
    const { status, headers } = await world.call('GET', `/api/upgrades/${id}/evidence`, { as: viewer })
    expect({ status, headers }).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'application/zip',
        'content-disposition': `attachment; filename="evidence-${id}-0001.zip"`,
        'cache-control': 'no-store',
      },
    })
    expect(headers.link).toBeUndefined()
  })

  test('tells people what happened, and lets nobody draw in it', () => {
    const report = textIn(parts, 'report.md')
    expect(report).toContain('Reason: A \\*reason\\* with \\<marks\\>')
    expect(report).toMatch(/\| approver-1 \| .* \| `[0-9a-f]{64}` \|/)
    expect(report).toMatch(/\| 1 \| review \| 1 \| 1 \| good \| operator-1 \|/)
    expect(report).toContain('it is complete')
    expect(report).not.toContain('The next thing is due')
  })

  test('holds the commits of a target from the first that tells of it on, after the hash of the one before', () => {
    const lines = textIn(parts, 'targets.jsonl').trimEnd().split('\n')
    const before = lines.map((line) => JSON.parse(line)).filter((line) => 'after' in line)
    expect(before).toHaveLength(12)
    expect(before.every(({ after }) => /^[0-9a-f]{64}$/.test(after.hash))).toBe(true)
    expect(lines.join('\n')).not.toContain('TargetRegistered')
  })

  test('leaves what other upgrades did to its targets before it, and long after it, to theirs', async () => {
    const { world: later, id: first } = await upgraded({ targets: 4 })
    const body = { component: 'api', version: 'v9.0.0', strategy: 'all' }
    await later.call('POST', '/api/v1/releases', {
      body: { component: 'api', version: 'v9.0.0', digest: `sha256:${'cd'.repeat(32)}` },
    })
    const second = await deployed(later, body)
    const pack = await fetched(later, first)
    expect(textIn(pack, 'targets.jsonl')).not.toContain(second)
    expect(verified(pack, later.heads.key)).toMatchObject({ findings: [], unproven: [] })
    const other = verified(await fetched(later, second), later.heads.key)
    expect(other.findings).toEqual([])
    expect(other.unproven.join('\n')).toMatch(/How it ends/)
    expect(textIn(await fetched(later, second), 'targets.jsonl')).not.toContain(first)
  })

  test('begins with the beginning of an attempt, however much has happened to its target meanwhile', async () => {
    const busy = openWorld()
    await busy.fleet(1)
    const going = await deployed(busy, { component: 'api', version: 'v1.2.0', strategy: 'all' })
    const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
    const tell = (status: string) =>
      busy.call('POST', '/api/v1/updates/status', {
        as,
        body: { version: 'v1.2.0', timestamp: '2026-01-05T10:00:00Z', status },
      })
    await tell('in-progress')
    for (let n = 0; n < 40; n++)
      await busy.call('PATCH', '/api/v1/targets/cust_0001', { body: { region: `region-${n}` } })
    for (const last of [false, true]) {
      if (last) await tell('completed')
      await busy.advance(going)
      const pack = await fetched(busy, going)
      const [after, first] = textIn(pack, 'targets.jsonl')
        .split('\n')
        .map((line) => JSON.parse(line || '{}'))
      expect([after.after.commit, first.events[0].type]).toEqual([1, 'AttemptAssigned'])
      expect(textIn(pack, 'targets.jsonl').includes('AttemptEnded')).toBe(last)
      expect(verified(pack).findings).toEqual([])
    }
  })

  test('of an upgrade that goes on says what is not proven yet', async () => {
    const running = openWorld()
    await running.fleet(20)
    const going = await deployed(running)
    const { findings, unproven } = verified(await fetched(running, going), running.heads.key)
    expect(findings).toEqual([])
    expect(unproven.join('\n')).toMatch(/nobody has signed it/)
    expect(unproven.join('\n')).toMatch(/no signed head says so/)
    expect(unproven.join('\n')).toMatch(/the pack was made while it went on/)
  })

  test('has the ends that it counts, although the clock of whoever makes it is behind', async () => {
    const running = openWorld()
    await running.fleet(2)
    const going = await deployed(running, { component: 'api', version: 'v1.2.0', strategy: 'all' })
    await report(running)
    await running.advance(going)
    const behind = { ...running.services, now: () => running.services.now() - 60_000 }
    const pack = await inParts(behind, going)
    expect(textIn(pack, 'targets.jsonl')).toContain('AttemptEnded')
    expect(verified(pack).findings).toEqual([])
  })

  test('of an upgrade that was never planned is that', async () => {
    const empty = openWorld()
    await empty.fleet(3)
    const body = { component: 'api', version: 'v1.2.0', strategy: 'all', approvals: { required: 1 } }
    const { upgradeId } = (await empty.call('POST', '/api/upgrades/deploy', { body })).body
    await empty.call('POST', `/api/upgrades/${upgradeId}/reject`, {
      as: { user: 'approver-1', roles: ['approver'] },
      body: { reason: 'no' },
    })
    const { findings } = verified(await fetched(empty, upgradeId))
    expect(findings).toEqual([])
  })

  test('of a rollback goes to what each of its members ran before', async () => {
    const { upgradeId: back } = (await world.call('POST', `/api/upgrades/${id}/rollback`)).body
    await world.advance(back)
    const { findings } = verified(await fetched(world, back), world.heads.key)
    expect(findings).toEqual([])
  })

  test('is not there of what is not there, and no other part is than a Link names', async () => {
    const path = '/api/upgrades/none/evidence'
    expect((await world.call('GET', path)).body.code).toBe('upgrade-not-found')
    const known = { part: 1, previous: '', commit: 1, until: '2026-01-05T10:00:00.000Z', heads: null }
    const place = { section: 'upgrade', item: 0, commit: 1 }
    const wrong = [
      'x',
      'e30',
      { ...known, place: { ...place, section: 'secrets' } },
      { ...known, place, more: 1 },
      { ...known, place, heads: { first: 1, last: 1e9 } },
      { ...known, place, previous: 'x' },
      { ...known, place, commit: 1e18 },
    ]
    for (const part of wrong) {
      const text = typeof part === 'string' ? part : Buffer.from(JSON.stringify(part)).toString('base64url')
      const reply = await world.call('GET', `/api/upgrades/${id}/evidence`, { query: { part: text } })
      expect([reply.status, reply.body.errors?.[0]?.field], JSON.stringify(part)).toEqual([400, 'query.part'])
    }
  })

  test('holds no credential: neither tokens of enrolment nor of agents, nor keys of idempotency', async () => {
    const own = openWorld()
    await own.fleet(5)
    const credential = await own.enrol('cust_0001')
    const body = { component: 'api', version: 'v1.2.0', strategy: 'all' }
    const headers = { 'idempotency-key': 'a-key-of-a-person' }
    const { upgradeId } = (await own.call('POST', '/api/upgrades/deploy', { body, headers })).body
    await own.advance(upgradeId)
    const secret = credential.split('.').at(-1) ?? ''
    const bearer = { bearer: credential }
    const offer = await own.call('GET', '/api/v1/updates/check', { as: bearer })
    const told = { version: offer.body.version, timestamp: '2026-01-05T10:00:00Z', status: 'in-progress' }
    await own.call('POST', '/api/v1/updates/status', { as: bearer, body: told })
    const issued = await own.call('POST', '/api/v1/targets/cust_0001/enrolment')
    const pack = await fetched(own, upgradeId)
    const text = pack
      .flatMap(filesIn)
      .map(({ bytes }) => bytes.toString())
      .join('\n')
    expect(text).toContain('EnrolmentIssued')
    for (const hidden of [
      secret,
      issued.body.enrolmentToken.split('.').at(-1),
      'a-key-of-a-person',
      'drydock-agent.',
    ])
      expect(text.includes(hidden), hidden).toBe(false)
  })

  test('is the same of the same log: whoever asks again gets the same bytes', async () => {
    expect((await fetched(world, id)).map(filesIn)).toEqual((await fetched(world, id)).map(filesIn))
  })
})

describe('the evidence of an upgrade that policies bind', () => {
  const admin = { user: 'admin-1', roles: ['admin'] }
  const policy = {
    ...{ approvalRequired: true, requiredApprovals: 1, approverRole: 'admin' },
    approvers: ['admin-2', 'admin-3'],
  }

  /** An upgrade that a policy wants approved by an administrator, and that is approved and complete. */
  async function bound() {
    const world = openWorld()
    await world.call('PUT', '/api/v1/policies/production', { as: admin, body: policy })
    await world.fleet(4)
    const body = {
      component: 'api',
      version: 'v1.2.0',
      strategy: 'all',
      approvals: { required: 1, approvers: ['approver-1'] },
    }
    const { upgradeId } = (await world.call('POST', '/api/upgrades/deploy', { body })).body
    const { planHash } = (await world.call('GET', `/api/upgrades/${upgradeId}`)).body.plan
    for (const as of [
      { user: 'approver-1', roles: ['approver'] },
      { user: 'admin-2', roles: ['admin'] },
    ])
      await world.call('POST', `/api/upgrades/${upgradeId}/approve`, { as, body: { planHash } })
    await world.advance(upgradeId)
    await report(world)
    await world.advance(upgradeId)
    for (let day = 0; day < 3; day++) {
      await world.heads.write(5)
      world.pass(24 * 3600)
    }
    expect((await world.call('GET', `/api/upgrades/${upgradeId}`)).body.status).toBe('completed')
    return { world, parts: await fetched(world, upgradeId) }
  }

  test('is proven with what they asked for, as they were defined', async () => {
    const { world, parts } = await bound()
    const { findings, proven } = verified(parts, world.heads.key)
    expect(findings).toEqual([])
    expect(proven.join('\n')).toContain(
      'Policies asked for 1 approval beside, which were given by whom they mean',
    )
  })

  test.each<[string, (text: string) => string]>([
    ['nobody whom it means has approved', (text) => text.replaceAll('admin-2', 'admin-9')],
    [
      'whoever approved was no administrator',
      (text) => text.replaceAll('role\\":\\"admin', 'role\\":\\"approver'),
    ],
  ])('is not, where %s', async (_, change) => {
    const { parts } = await bound()
    const told = forged(
      parts,
      lines('upgrade.jsonl', (all) => all.map(change)),
    )
    const words = verified(told).findings.filter(({ fault }) => fault === 'not-approved')
    expect(JSON.stringify(words)).toContain('0 of 1 approvals that policy production asks for')
  })
})
