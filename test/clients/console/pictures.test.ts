import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Target, Told } from '../../../clients/console/answers.ts'
import { closuresUntil, daysOf } from '../../../clients/console/pictures/coming.ts'
import { differencesOf } from '../../../clients/console/pictures/difference.ts'
import { chosen, isSilent, versionsOf, windowOf } from '../../../clients/console/pictures/fleet.ts'
import { columnsOf, phasePlansOf } from '../../../clients/console/pictures/phases.ts'
import { requestOf } from '../../../clients/console/pictures/plan-request.ts'
import { rulesOf } from '../../../clients/console/pictures/rules.ts'
import { daysOfAttempts } from '../../../clients/console/pictures/series.ts'
import { inParts, targetsIn } from '../../../clients/console/pictures/target-file.ts'
import { joined, readable, stopsOf } from '../../../clients/console/pictures/timeline.ts'
import { barOf, cellStates, countsOf, squaresOf, summed } from '../../../clients/console/pictures/waves.ts'
import { placeOf, to } from '../../../clients/console/router.ts'
import { isOlder } from '../../../clients/console/versions.ts'
import { counted, holdTitle, lasting, sentence } from '../../../clients/console/words.ts'
import { deployment } from '../../../contracts/deployment.ts'
import { policyContracts } from '../../../contracts/policies.ts'
import { validBodies } from '../../e2e/valid-bodies.ts'

const wave = { group: null, succeeded: 0, failed: 0, unreachable: 0, skipped: 0 }

describe('the picture of waves', () => {
  const small = fc.nat({ max: 50 })

  it('has a square for each target, whatever was counted', () => {
    const waves = fc.array(
      fc.record({
        size: fc.nat({ max: 300 }),
        succeeded: small,
        failed: small,
        unreachable: small,
        skipped: small,
      }),
      { minLength: 1, maxLength: 5 },
    )
    fc.assert(
      fc.property(waves, fc.nat({ max: 400 }), fc.nat({ max: 5 }), (all, inProgress, present) => {
        const numbered = all.map((one, index) => ({ ...one, wave: index + 1, group: null }))
        countsOf({ wave: present, inProgress, waves: numbered }).forEach((counts, index) => {
          const { size = 0, ...ended } = all[index] ?? {}
          const over = Object.values(ended).reduce((sum, count) => sum + count, 0)
          const { paths } = squaresOf(counts, 50)
          const squares = paths.reduce((sum, { d }) => sum + (d.match(/M/g)?.length ?? 0), 0)
          expect(squares).toBe(Math.max(size, over))
          expect(cellStates.every((state) => counts[state] >= 0)).toBe(true)
        })
      }),
    )
  })

  it('shows those in flight in the present wave alone', () => {
    const waves = [
      { ...wave, wave: 1, size: 5, succeeded: 5 },
      { ...wave, wave: 2, size: 10, failed: 1 },
      { ...wave, wave: 3, size: 10 },
    ]
    expect(
      countsOf({ wave: 2, inProgress: 4, waves }).map(({ inFlight, waiting }) => [inFlight, waiting]),
    ).toEqual([
      [0, 0],
      [4, 5],
      [0, 10],
    ])
  })

  it('is a bar of its whole width', () => {
    const [counts] = countsOf({ wave: 1, inProgress: 1, waves: [{ ...wave, wave: 1, size: 7, failed: 2 }] })
    const stretches = barOf(summed(counts ? [counts] : []))
    expect(stretches.reduce((sum, { width }) => sum + width, 0)).toBeCloseTo(100)
    expect(barOf(summed([]))).toEqual([])
  })

  it('of ten thousand targets is no more elements than there are states', () => {
    const counts = { succeeded: 6000, failed: 10, unreachable: 0, skipped: 0, inFlight: 100, waiting: 3890 }
    expect(squaresOf(counts, 100).paths).toHaveLength(4)
    expect(squaresOf(counts, 100).rows).toBe(100)
  })
})

describe('what was seen', () => {
  it.each([
    ['"3-00000000000000aa"', '"4-00000000000000bb"', true],
    ['"4-00000000000000aa"', '"4-00000000000000bb"', false],
    ['"10-00000000000000aa"', '"9-00000000000000bb"', false],
    ['W/"3-00000000000000aa"', '"4-00000000000000bb"', true],
    ['"nothing"', '"4-00000000000000bb"', false],
  ])('makes %s older than %s: %s', (tag, seen, older) => {
    expect(isOlder(tag, seen)).toBe(older)
  })

  it('is told once, however often it is read', () => {
    const told = (commit: number) => ({ commit, at: `2026-01-01T00:00:0${commit}.000Z`, type: 'X' }) as Told
    const known = [told(1), told(2)]
    expect(joined(known, [told(2), told(3), told(3)]).map(({ commit }) => commit)).toEqual([1, 2, 3, 3])
    expect(joined(known, [told(1)])).toBe(known)
  })

  it('can be looked back to by commits, without what is clockwork', () => {
    const told = [
      { commit: 1, at: 'a', sentence: 'asked', type: 'UpgradeRequested' },
      { commit: 2, at: 'b', sentence: 'planned', type: 'UpgradePlanned' },
      { commit: 2, at: 'b', sentence: 'due', type: 'WakeUpMoved' },
      { commit: 3, at: 'c', sentence: 'due', type: 'WakeUpMoved' },
    ] as unknown as Told[]
    expect(stopsOf(told).map(({ commit, sentence }) => [commit, sentence])).toEqual([
      [1, 'asked'],
      [2, 'planned'],
    ])
    expect(readable(told)).toHaveLength(2)
  })
})

describe('a plan', () => {
  it('is asked for as it was filled in, and what was left out is left out', () => {
    expect(
      requestOf({ component: ' api ', version: 'v2', strategy: 'canary', canaryPercent: '10', parallel: '' }),
    ).toEqual({
      ...{ component: 'api', version: 'v2', strategy: 'canary', canaryPercent: 10 },
    })
  })

  it('is one that the API takes', () => {
    const filled = {
      ...{
        component: 'api',
        version: 'v2',
        strategy: 'batch',
        batchSize: '5',
        canaryPercent: '10',
        approvals: '2',
      },
      ...{ regions: 'eu, us', tags: 'environment=staging, tier=a=b', failurePercent: '0', reason: ' why ' },
      ...{ start: '2026-11-28T02:00', end: '2026-11-28T04:30' },
    }
    const request = requestOf(filled)
    expect(deployment.safeParse(request).error).toBeUndefined()
    expect(request).toMatchObject({
      targets: { regions: ['eu', 'us'], tags: { environment: 'staging', tier: 'a=b' } },
      window: { start: '2026-11-28T02:00:00.000Z', end: '2026-11-28T04:30:00.000Z' },
      ...{ failureThreshold: { percent: 0 }, approvals: { required: 2 }, reason: 'why' },
    })
    expect(request).not.toHaveProperty('canaryPercent')
  })

  it('with one end of a window alone is refused, instead of beginning at any time', () => {
    const filled = { component: 'api', version: 'v2', strategy: 'all', start: '2026-11-28T02:00' }
    const { error } = deployment.safeParse(requestOf(filled))
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['window.end'])
  })

  it('differs from another field by field', () => {
    const before = { parallel: 10, targets: { regions: ['eu'] }, reason: null, same: { a: 1 } }
    const after = { parallel: 20, targets: { regions: ['eu', 'us'] }, same: { a: 1 }, gate: 'new' }
    expect(differencesOf(before, after)).toEqual([
      { field: 'gate', before: '–', after: 'new' },
      { field: 'parallel', before: '10', after: '20' },
      { field: 'targets.regions', before: '["eu"]', after: '["eu","us"]' },
    ])
  })
})

const target = (id: string, given: Partial<Target> = {}): Target => ({
  ...{
    id,
    type: 'customer',
    region: 'eu',
    tags: {},
    critical: false,
    namespace: null,
    gateway: null,
    environment: {},
  },
  ...{
    components: { api: 'v1' },
    licence: null,
    drift: {},
    pin: null,
    retired: null,
    enrolled: true,
    lastSeenAt: null,
  },
  ...{ lastOutcome: null, updatedAt: '' },
  ...given,
})

describe('a fleet', () => {
  const now = Date.parse('2026-11-28T12:00:00.000Z')
  const fleet = [
    target('a', { lastSeenAt: '2026-11-28T11:00:00.000Z', pin: { component: null, reason: 'why' } }),
    target('b', { lastSeenAt: '2026-11-27T11:00:00.000Z', components: { api: 'v2' } }),
    target('c', { retired: { reason: 'old' }, components: { api: 'v2' } }),
  ]

  it.each([
    ['silent', '', ['b', 'c']],
    ['pinned', '', ['a']],
    ['retired', '', ['c']],
    ['drifted', '', []],
    ['all', 'B', ['b']],
  ] as const)('of which %s ones that hold "%s" are wanted', (kind, text, ids) => {
    expect(chosen(fleet, kind, text, now).map(({ id }) => id)).toEqual(ids)
  })

  it('is silent after a day', () => {
    expect(isSilent({ lastSeenAt: '2026-11-27T12:00:00.000Z' }, now)).toBe(false)
    expect(isSilent({ lastSeenAt: '2026-11-27T11:59:59.000Z' }, now)).toBe(true)
  })

  it('runs versions, the most frequent first', () => {
    expect(versionsOf(fleet)).toEqual([
      { component: 'api', version: 'v2', count: 2 },
      { component: 'api', version: 'v1', count: 1 },
    ])
  })

  it('is a list of no more rows than can be seen, wherever it is scrolled to', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10_000 }), fc.nat({ max: 500_000 }), (count, scrolled) => {
        const { from, to: until } = windowOf(scrolled, 560, 44, count)
        expect(until - from).toBeLessThanOrEqual(35)
        expect(from >= 0 && until <= count && from <= count).toBe(true)
        const first = Math.floor(scrolled / 44)
        if (first < count) expect(from <= first && first < until).toBe(true)
      }),
    )
  })

  it('is read from files of CSV and JSON, as the command line reads them', () => {
    const csv =
      '\uFEFFid,type,critical,component:api,tag:owner,environment:os\n"a,1",node,yes,v1,"Ann ""A""",linux\nb,,,,,\n'
    expect(targetsIn(csv)).toEqual([
      {
        id: 'a,1',
        type: 'node',
        critical: true,
        components: { api: 'v1' },
        tags: { owner: 'Ann "A"' },
        environment: { os: 'linux' },
      },
      { id: 'b', components: {}, tags: {} },
    ])
    expect(targetsIn('{"targets":[{"id":"a"}]}')).toEqual([{ id: 'a' }])
  })

  it('keeps what is neither yes nor no of a critical target, so that it is refused', () => {
    expect(targetsIn('id,critical\na,y\nb,no\n')).toEqual([
      { id: 'a', critical: 'y', components: {}, tags: {} },
      { id: 'b', critical: false, components: {}, tags: {} },
    ])
  })

  it.each([
    ['', 'no targets'],
    ['id,color\na,red', 'color'],
    ['[1]', 'list of targets'],
    ['{"targets":1}', 'list of targets'],
    ['id,tag:a, tag:a\nx,1,2\n', 'These columns are there twice: tag:a.'],
    ['id,tag:__proto__\nx,1\n', 'These are no columns: tag:__proto__.'],
    ['[{"id":"a","id":"b"}]', 'It says 0.id twice.'],
  ])('is not read from %j', (text, why) => {
    expect(() => targetsIn(text)).toThrow(why)
  })

  it('is sent in parts that fit into a body each', () => {
    const tags = Object.fromEntries(Array.from({ length: 50 }, (_, place) => [`t${place}`, 'v'.repeat(256)]))
    const large = Array.from({ length: 200 }, (_, number) => ({ id: String(number), tags }))
    const parts = inParts(large)
    expect(parts.flat()).toEqual(large)
    expect(Math.max(...parts.map((part) => JSON.stringify(part).length))).toBeLessThanOrEqual(1000 * 1024)
  })

  it('is sent in parts, none of which is lost', () => {
    const all = Array.from({ length: 2500 }, (_, number) => ({ id: String(number) }))
    expect(inParts(all).map(({ length }) => length)).toEqual([1000, 1000, 500])
    expect(inParts(all).flat()).toEqual(all)
  })
})

describe('phases', () => {
  it('stand after all that they wait for', () => {
    const phases = [
      { name: 'edge', dependsOn: ['agents', 'operators'] },
      { name: 'database', dependsOn: [] },
      { name: 'operators', dependsOn: ['database'] },
      { name: 'agents', dependsOn: ['operators'] },
      { name: 'docs', dependsOn: [] },
    ]
    expect(columnsOf(phases).map((column) => column.map(({ name }) => name))).toEqual([
      ['database', 'docs'],
      ['operators'],
      ['agents'],
      ['edge'],
    ])
  })

  it('in a circle, which no plan has, are shown all the same', () => {
    const circle = [
      { name: 'a', dependsOn: ['b'] },
      { name: 'b', dependsOn: ['a'] },
    ]
    expect(columnsOf(circle)).toHaveLength(1)
  })
})

describe('figures', () => {
  const nothing = { count: 0, meanSeconds: null, p95Seconds: null }
  const group = (key: string, succeeded: number, failed: number, meanSeconds: number | null) => ({
    ...{ key, succeeded, failed, unreachable: 1, successRate: (100 * succeeded) / (succeeded + failed + 1) },
    times: {
      acceptance: nothing,
      work: { count: succeeded, meanSeconds, p95Seconds: meanSeconds && 2 * meanSeconds },
    },
  })

  it('have a day for each of the range, those without attempts too', () => {
    const groups = [group('2026-11-20', 8, 1, 120), group('2026-11-22', 0, 3, null)]
    const days = daysOfAttempts({ from: '2026-11-19', to: '2026-11-22', groups })
    expect(
      days.map(({ day, ...rest }) => [new Date(day * 1000).getUTCDate(), ...Object.values(rest)]),
    ).toEqual([
      [19, 0, 0, null, null, null],
      [20, 8, 2, 80, 2, 4],
      [21, 0, 0, null, null, null],
      [22, 0, 4, 0, null, null],
    ])
  })

  it('are none where nothing has ended', () => {
    expect(daysOfAttempts({ from: '2026-11-19', to: '2026-11-22', groups: [] })).toEqual([])
  })

  it('of coming windows are by the day on which they begin', () => {
    const windows = [
      { profileId: 'p', name: 'late', start: '2026-11-29T20:00:00.000Z', hours: 2 },
      { profileId: 'q', name: 'early', start: '2026-11-29T02:00:00.000Z', hours: 2 },
    ]
    const days = daysOf(windows, [], Date.parse('2026-11-28T23:59:00.000Z'), 3)
    expect(days.map(({ date, windows: found }) => [date, found.map(({ name }) => name)])).toEqual([
      ['2026-11-28', []],
      ['2026-11-29', ['early', 'late']],
      ['2026-11-30', []],
    ])
  })

  it('of closed days are told by what a calendar says it is after each change', async () => {
    const changes = ['2026-11-29T22:00:00.000Z', '2026-12-01T00:00:00.000Z', '2026-12-24T00:00:00.000Z']
    const stateAt = async (at = '2026-11-28T12:00:00.000Z') => {
      const next = changes.find((change) => change > at) ?? null
      return { at, open: next !== changes[1], why: ['Inventory'], changesAt: next }
    }
    const closures = await closuresUntil('stock', Date.parse('2026-12-10T00:00:00.000Z'), stateAt)
    expect(closures).toEqual([{ calendar: 'stock', why: 'Inventory', from: changes[0], until: changes[1] }])
    const days = daysOf([], closures, Date.parse('2026-11-28T00:00:00.000Z'), 5)
    expect(days.map(({ closures: found }) => found.length)).toEqual([0, 1, 1, 0, 0])
  })

  it('of a calendar that is closed for good are all that come', async () => {
    const at = '2026-11-28T12:00:00.000Z'
    const closures = await closuresUntil('stock', Date.parse(at), async () => ({
      ...{ at, open: false, why: [], changesAt: null },
    }))
    expect(daysOf([], closures, Date.parse(at), 3).map(({ closures: found }) => found.length)).toEqual([
      1, 1, 1,
    ])
  })

  it.each([
    [0, '0 s'],
    [59.6, '1 min'],
    [3_725, '1 h 2 min'],
    [90_061, '1 d 1 h'],
  ])('of %d seconds are %s', (seconds, words) => {
    expect(lasting(seconds)).toBe(words)
  })
})

describe('a sentence of the API', () => {
  it('tells instants as people read them, and changes nothing else', () => {
    expect(sentence('Due at 2026-12-05T06:00:19.558Z, <b>not</b> 2026-12-05.')).toBe(
      'Due at 5 Dec 2026, 06:00:19 UTC, <b>not</b> 2026-12-05.',
    )
  })
})

describe('a place', () => {
  it('is found again, whatever the names in it are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { maxLength: 4 }), (parts) => {
        expect(placeOf(to(parts)).parts).toEqual(parts)
      }),
    )
  })

  it('that cannot be decoded is left as it is', () => {
    expect(placeOf('#/targets/%E0%A4').parts).toEqual(['targets', '%E0%A4'])
  })
})

describe('words', () => {
  it('are one thing, and two things', () => {
    expect([counted(1, 'target'), counted(2, 'target'), counted(0, 'target')]).toEqual([
      '1 target',
      '2 targets',
      '0 targets',
    ])
    expect([counted(1, 'entry', 'entries'), counted(1200, 'entry', 'entries')]).toEqual([
      '1 entry',
      '1,200 entries',
    ])
  })

  it('say what holds a run by the words that all say, also where the code is new', () => {
    expect(['OPERATOR', 'PHASE_OVERTAKEN', 'SOME_NEW', 'constructor'].map(holdTitle)).toEqual([
      'Paused',
      'Has a part that was overtaken',
      'Some new',
      'Constructor',
    ])
  })
})

describe('a policy', () => {
  it('is told rule by rule, and nothing of what it does not ask for', () => {
    expect(rulesOf({ selector: {} })).toEqual([['Binds', 'Every upgrade']])
    const defined = policyContracts.definePolicy.body.parse({
      selector: { components: ['api', 'web'], environments: ['production'], tags: { tier: 'gold' } },
      ...{
        approvalRequired: true,
        requiredApprovals: 2,
        approverRole: 'admin',
        approvalExpiresInSeconds: 86_400,
      },
      ...{ testingRequired: true, testEnvironments: ['staging'], minimumTestDuration: '48h' },
      ...{ blockedVersions: ['v0.9.0'], allowedChannels: ['stable'], complianceChecks: ['scan', 'licence'] },
      ...{ parallel: 1, together: { atOnce: 50, perHour: 500 } },
    })
    expect(rulesOf(defined)).toEqual([
      [
        'Binds',
        'Upgrades that may take targets of api or web, in the environment production, with tier gold',
      ],
      ['Approval', '2 approvals by administrators, within 1 d; nobody approves what they asked for'],
      ['Tests', 'Proven in staging before, for 2 d'],
      ['Checks', 'Passed by scan and licence'],
      ['Channels', 'Releases on stable alone'],
      ['Blocked', 'Nothing goes to v0.9.0'],
      ['At once', '1 target of one upgrade at the most'],
      ['Together', '50 targets of all of them at once at the most'],
      ['An hour', '500 targets of all of them are begun at the most'],
    ])
  })

  it('has no field that is not told', () => {
    const told = policyContracts.definePolicy.body.parse({
      ...validBodies['PUT /api/v1/policies/{name}'],
      freezes: ['year-end'],
    })
    const said = JSON.stringify(rulesOf(told))
    for (const word of ['no-such', 'gold', 'nobody', 'v1.0.0', 'none', '2 d', 'year-end'])
      expect(said).toContain(word)
  })
})

describe('the plans of a rollout', () => {
  const told = (type: string, data: object) => ({ type, data }) as unknown as Told
  const declared = (phase: number, does: object) =>
    told('PhaseDeclared', { phase, declaration: { name: `phase ${phase}`, does } })
  const planned = (phase: number) =>
    told('PhasePlanned', { phase, plan: { version: 'v2', digest: null, leftOut: { pinned: phase } } })

  it('are told by its story, phase by phase, but for what is taken back', () => {
    const story = [
      ...[declared(0, { kind: 'deploy', request: { component: 'api' } }), declared(1, { kind: 'rollback' })],
      ...[declared(2, { kind: 'deploy', request: { component: 'web' } }), planned(0), planned(1), planned(2)],
    ]
    expect(phasePlansOf(story)).toEqual([
      { name: 'phase 0', component: 'api', version: 'v2', digest: null, leftOut: { pinned: 0 } },
      { name: 'phase 2', component: 'web', version: 'v2', digest: null, leftOut: { pinned: 2 } },
    ])
    expect(phasePlansOf(story.slice(0, 3))).toEqual([])
  })
})
