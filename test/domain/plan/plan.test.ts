import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { membersPerChunk } from '../../../events/plan.ts'
import { type UpgradeRequest, upgradeEvents } from '../../../events/upgrade.ts'
import { memberOf, planAggregate, storeChunk } from '../../../functions/domain/plan/aggregate.ts'
import type { Candidate } from '../../../functions/domain/plan/candidate.ts'
import { makePlan, type Plan, type PlanFacts } from '../../../functions/domain/plan/plan.ts'
import { waveCount, waveRange } from '../../../functions/domain/plan/waves.ts'
import { limits } from '../../../functions/log/size.ts'
import { specOf } from '../given.ts'
import { requestOf } from '../upgrade/world.ts'

const { given } = specOf(planAggregate)

/** A request in two waves, a tenth of the fleet first. */
function request(changes: Partial<UpgradeRequest> = {}): UpgradeRequest {
  return requestOf({ strategy: 'canary', canaryPercent: 10, parallel: 10, ...changes })
}

function candidate(target: string, changes: Partial<Candidate> = {}): Candidate {
  return {
    target,
    type: 'customer_instance',
    region: 'eu-central-1',
    tags: {},
    critical: false,
    from: '1.1.0',
    active: null,
    pinned: false,
    retired: false,
    ...changes,
  }
}

function fleet(size: number, changes: (place: number) => Partial<Candidate> = () => ({})): Candidate[] {
  return Array.from({ length: size }, (_, place) => candidate(`customer-${place + 1}`, changes(place)))
}

interface Facts extends PlanFacts {
  readonly candidates: readonly Candidate[]
}

function factsOf(changes: Partial<Facts> = {}): Facts {
  return {
    request: request(),
    candidates: fleet(50),
    release: { version: 'v1.2.0', digest: 'sha256:1', releaseVersion: 1 },
    policyVersion: 0,
    ...changes,
  }
}

function planOf(changes: Partial<Facts> = {}): Plan {
  const made = makePlan(factsOf(changes))
  if ('rejected' in made) throw new Error(made.rejected.code)
  return made.plan
}

function rejection(changes: Partial<Facts>): string {
  const made = makePlan(factsOf(changes))
  return 'rejected' in made ? made.rejected.code : 'planned'
}

/** The plan's members in its order, read as everybody reads them. */
function membersOf(plan: Plan) {
  return Array.from({ length: plan.members }, (_, index) => {
    const chunk = plan.chunks.at(Math.floor(index / membersPerChunk))
    return memberOf({ chunk }, index)
  })
}

function wavesOf(plan: Plan): string[][] {
  const targets = membersOf(plan).map(({ target }) => target)
  return Array.from({ length: waveCount(plan.waves, plan.members) }, (_, wave) => {
    const { from, to } = waveRange(plan.waves, plan.members, wave)
    return targets.slice(from, to)
  })
}

/** Fleets in which everything occurs that a plan has to tell apart. */
const anyFleet = fc
  .array(
    fc.record({
      type: fc.constantFrom('customer_instance', 'node'),
      region: fc.constantFrom('eu', 'us', null),
      critical: fc.boolean(),
      from: fc.constantFrom('1.0.0', '1.1.0', '1.2.0', null),
      active: fc.constantFrom(null, null, null, 'u9'),
      pinned: fc.nat(9).map((draw) => draw === 0),
      retired: fc.nat(9).map((draw) => draw === 0),
    }),
    { maxLength: 60 },
  )
  .map((all) => all.map((changes, place) => candidate(`t${place}`, changes)))

const anyStrategy = fc.oneof(
  fc.constant({ strategy: 'all' as const }),
  fc.integer({ min: 1, max: 100 }).map((canaryPercent) => ({ strategy: 'canary' as const, canaryPercent })),
  fc.integer({ min: 1, max: 20 }).map((batchSize) => ({ strategy: 'batch' as const, batchSize })),
)
const anyCanaries = fc.uniqueArray(
  fc.nat(70).map((place) => `t${place}`),
  { maxLength: 5 },
)

const anyFacts = fc.tuple(anyFleet, anyStrategy, anyCanaries).map(([candidates, strategy, canaries]) => {
  const selection = { ...request().selection, canaries }
  return factsOf({ candidates, request: request({ ...strategy, selection }) })
})

describe('a plan (N2)', () => {
  it('of 50 by a canary of 10 % is 5 and then 45, each target once', () => {
    const plan = planOf()
    expect(wavesOf(plan).map(({ length }) => length)).toEqual([5, 45])
    expect(membersOf(plan).map(({ target }) => target)).toHaveLength(50)
    expect(new Set(membersOf(plan).map(({ target }) => target)).size).toBe(50)
    expect(membersOf(plan)[0]).toMatchObject({ from: '1.1.0', to: 'v1.2.0' })
    expect(plan).toMatchObject({ version: 'v1.2.0', digest: 'sha256:1', members: 50, releaseVersion: 1 })
  })

  it('of canaries alone is their wave, the same that would come first, and says who is left to come after', () => {
    const plan = planOf({ canariesAlone: true })
    expect(wavesOf(plan)).toEqual(wavesOf(planOf()).slice(0, 1))
    expect(plan.members).toBe(5)
    expect(new Set(plan.leftOut.map(({ reason }) => reason))).toEqual(new Set(['after_canaries']))
    expect(plan.leftOut).toHaveLength(45)
    expect(plan.planHash).not.toBe(planOf().planHash)
    const release = {
      version: 'v1.2.0',
      digest: 'sha256:1',
      releaseVersion: 1,
      compatibility: { os: ['linux'] },
    }
    expect([planOf({ release }).unsaid, planOf({ release, canariesAlone: true }).unsaid]).toEqual([50, 5])
  })

  it('has an order that no name can choose: the first wave is not that of the names', () => {
    const [first] = wavesOf(planOf())
    const names = fleet(5).map(({ target }) => target)
    expect(first).not.toEqual(names)
    const release = { version: 'v1.2.1', digest: 'sha256:1', releaseVersion: 1 }
    const [other] = wavesOf(planOf({ release }))
    expect(other).not.toEqual(first)
  })

  it('has one order for a release, whoever asks for it, how, when and why', () => {
    const [first] = wavesOf(planOf())
    const window = { start: '2026-03-01T12:00:00.000Z', end: '2026-03-02T12:00:00.000Z' }
    for (const changes of [
      { reason: 'once more' },
      { parallel: 11 },
      { window },
      { version: 'latest' },
      { version: '1.2.0' },
    ]) {
      const other = planOf({ request: request(changes) })
      expect(wavesOf(other)[0]).toEqual(first)
      expect(other.planHash).not.toBe(planOf().planHash)
    }
  })

  it('has a smaller share inside of a larger one', () => {
    const sharesOf = (candidates: readonly Candidate[]) =>
      [5, 10, 20, 50].map(
        (canaryPercent) => wavesOf(planOf({ candidates, request: request({ canaryPercent }) }))[0] ?? [],
      )
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 80 }), fc.integer({ min: 1, max: 7 }), (size, regions) => {
        const shares = sharesOf(fleet(size, (place) => ({ region: `r${place % regions}` })))
        for (const [place, share] of shares.entries())
          expect(share.slice(0, shares[place - 1]?.length ?? 0)).toEqual(shares[place - 1] ?? [])
      }),
      { numRuns: 30 },
    )
  })

  it('is the same over the same facts, in whatever order they come', () => {
    const shuffled = anyFacts.chain((facts) =>
      fc.tuple(
        fc.constant(facts),
        fc.shuffledSubarray([...facts.candidates], { minLength: facts.candidates.length }),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([facts, candidates]) => {
        expect(makePlan({ ...facts, candidates })).toEqual(makePlan(facts))
      }),
    )
  })

  it('has members and left out, with reasons, which together are the candidates', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const made = makePlan(facts)
        if ('rejected' in made) {
          const possible = facts.candidates.filter(
            ({ retired, pinned, from, active }) =>
              !retired && !pinned && !active && from !== null && from !== '1.2.0',
          )
          expect(possible).toEqual([])
          return
        }
        const targets = membersOf(made.plan).map(({ target }) => target)
        const all = [...targets, ...made.plan.leftOut.map(({ target }) => target)]
        expect(all.sort()).toEqual(facts.candidates.map(({ target }) => target).sort())
        expect(made.plan.leftOut.every(({ reason }) => reason.length > 0)).toBe(true)
      }),
    )
  })

  it('never has critical targets in its first wave, unless there are no others', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const made = makePlan(facts)
        if ('rejected' in made) return
        const critical = new Set(facts.candidates.filter((one) => one.critical).map(({ target }) => target))
        const [first = []] = wavesOf(made.plan)
        const members = membersOf(made.plan)
        expect(first.length).toBeGreaterThan(0)
        if (members.some(({ target }) => !critical.has(target))) {
          expect(first.filter((target) => critical.has(target))).toEqual([])
        }
      }),
      { numRuns: 300 },
    )
  })

  it('has waves without gaps, none of them empty or larger than a batch', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const made = makePlan(facts)
        if ('rejected' in made) return
        const waves = wavesOf(made.plan)
        expect(waves.flat()).toEqual(membersOf(made.plan).map(({ target }) => target))
        expect(waves.every(({ length }) => length > 0)).toBe(true)
        const { strategy, batchSize } = facts.request
        if (strategy === 'batch')
          expect(Math.max(...waves.map(({ length }) => length))).toBeLessThanOrEqual(batchSize ?? 0)
      }),
      { numRuns: 300 },
    )
  })

  it('begins with the explicit canaries in the order they were named', () => {
    const canaries = ['customer-40', 'nobody', 'customer-2', 'customer-7']
    const selection = { ...request().selection, canaries }
    const asked = request({ selection, canaryPercent: null })
    const candidates = fleet(50, (place) => ({ region: place % 2 ? 'eu' : 'us', pinned: place === 6 }))
    expect(wavesOf(planOf({ request: asked, candidates }))[0]).toEqual(['customer-40', 'customer-2'])
  })

  it('has all named canaries in its first wave, which a percentage fills up', () => {
    const canaries = ['customer-40', 'customer-2', 'customer-7']
    const selection = { ...request().selection, canaries }
    const firstOf = (canaryPercent: number) =>
      wavesOf(planOf({ request: request({ selection, canaryPercent }) }))[0] ?? []
    expect(firstOf(2)).toEqual(canaries)
    expect(firstOf(10).slice(0, 3)).toEqual(canaries)
    expect(firstOf(10)).toHaveLength(5)
    expect(firstOf(100)).toHaveLength(50)
  })

  it('takes nobody else where none of the named canaries can be upgraded first', () => {
    const selection = { ...request().selection, canaries: ['customer-1', 'customer-2'] }
    const candidates = fleet(20, (place) => ({ pinned: place === 0, critical: place === 1 }))
    const asked = request({ selection, canaryPercent: null })
    expect(makePlan(factsOf({ request: asked, candidates }))).toEqual({
      rejected: {
        code: 'no-canary-left',
        detail: expect.stringContaining('customer-1 pinned, customer-2 critical'),
      },
    })
    expect(rejection({ request: request({ selection }), candidates })).toBe('planned')
  })

  it('takes no critical target for a canary, not even when it is named', () => {
    const selection = { ...request().selection, canaries: ['customer-1'] }
    const candidates = fleet(20, (place) => ({ critical: place === 0 }))
    const waves = wavesOf(planOf({ request: request({ selection }), candidates }))
    expect(waves[0]).not.toContain('customer-1')
    expect(waves.at(-1)?.at(-1)).toBe('customer-1')
  })

  it('ends the first wave where the critical targets begin', () => {
    const candidates = fleet(10, (place) => ({ critical: place >= 3 }))
    const sizes = (changes: Partial<UpgradeRequest>) =>
      wavesOf(planOf({ candidates, request: request(changes) })).map(({ length }) => length)
    expect(sizes({ strategy: 'all' })).toEqual([3, 7])
    expect(sizes({ canaryPercent: 50 })).toEqual([3, 2, 5])
    expect(sizes({ strategy: 'batch', batchSize: 4 })).toEqual([3, 4, 3])
    expect(sizes({ strategy: 'batch', batchSize: 3 })).toEqual([3, 3, 3, 1])
  })

  it('spreads every stratum evenly, so that a canary resembles the fleet', () => {
    const region = (place: number) => (place < 80 ? 'eu' : place < 95 ? 'us' : 'ap')
    const candidates = fleet(100, (place) => ({ region: region(place) }))
    const [first = []] = wavesOf(planOf({ candidates, request: request({ canaryPercent: 20 }) }))
    const regions = first.map((target) => candidates.find((one) => one.target === target)?.region)
    expect(regions.filter((name) => name === 'eu')).toHaveLength(16)
    expect(regions.filter((name) => name === 'us')).toHaveLength(3)
    expect(regions.filter((name) => name === 'ap')).toHaveLength(1)
  })

  it.each([
    ['retired', { retired: true }],
    ['component_missing', { from: null }],
    ['pinned', { pinned: true }],
    ['already_at_version', { from: '1.2.0' }],
    ['update_in_progress', { active: 'u9' }],
    ['not_ready', { notReady: true }],
    ['already_at_version', { from: '1.2.0', notReady: true }],
    ['not_selected', { excluded: 'not_selected' }],
  ] as const)('leaves out what is %s', (reason, changes) => {
    const candidates = [candidate('a', changes), candidate('b')]
    const plan = planOf({ candidates })
    expect(plan.leftOut).toEqual([{ target: 'a', reason }])
    expect(membersOf(plan).map(({ target }) => target)).toEqual(['b'])
  })

  it('leads nobody downwards whose version is newer', () => {
    const candidates = [candidate('a', { from: '2.0.0' }), candidate('b'), candidate('c', { from: '1.2.0' })]
    const plan = planOf({ candidates, newer: new Set(['2.0.0', '1.2.0']) })
    expect(plan.leftOut).toEqual([
      { target: 'a', reason: 'newer_version' },
      { target: 'c', reason: 'already_at_version' },
    ])
    expect(
      membersOf(planOf({ candidates }))
        .map(({ target }) => target)
        .sort(),
    ).toEqual(['a', 'b'])
  })

  it('names the upgrades that are in the way when all targets are busy', () => {
    const candidates = fleet(5, (place) => ({ active: place < 3 ? 'u8' : 'u9' }))
    expect(makePlan(factsOf({ candidates }))).toEqual({
      rejected: {
        code: 'update-in-progress',
        detail: expect.stringContaining('2 by upgrade u9, 3 by upgrade u8'),
      },
      leftOut: candidates.map(({ target }) => ({ target, reason: 'update_in_progress' })),
    })
  })

  it('is refused where a chunk of it is more than an event holds, and the longest names fit', () => {
    const long = (text: string, place: number) => `${place}`.padStart(128, text)
    const named = (of: (place: number) => Partial<Candidate>) =>
      fleet(membersPerChunk, (place) => ({ target: long('n', place), ...of(place) }))
    expect(rejection({ candidates: named((place) => ({ from: long('1', place) })) })).toBe('plan-too-large')
    const [chunk] = planOf({ candidates: named((place) => ({ from: long('1', place % 29) })) }).chunks
    expect(Buffer.byteLength(JSON.stringify(chunk))).toBeLessThan(limits.event)
  })

  it('is refused with its reason when nobody is left', () => {
    expect(rejection({ release: null })).toBe('release-not-registered')
    expect(rejection({ candidates: [] })).toBe('nothing-to-upgrade')
    expect(rejection({ candidates: fleet(3, () => ({ pinned: true })) })).toBe('nothing-to-upgrade')
    expect(rejection({ candidates: fleet(3, () => ({ active: 'u9' })) })).toBe('update-in-progress')
  })

  it('is refused when critical targets would make more waves than can be stored', () => {
    const candidates = fleet(5000, (place) => ({ critical: place > 0 }))
    expect(rejection({ candidates, request: request({ strategy: 'batch', batchSize: 2 }) })).toBe(
      'too-many-waves',
    )
    expect(planOf({ request: request({ strategy: 'batch', batchSize: 1 }), candidates }).waves).toEqual({
      kind: 'batches',
      size: 1,
    })
  })
})

describe('the plan of a rollback', () => {
  const rollback = request({ kind: 'rollback', parent: 'u1', version: 'previous', strategy: 'all' })
  it('takes each member back to a version of its own', () => {
    const candidates = [
      candidate('a', { from: '1.2.0', to: '1.1.0' }),
      candidate('b', { from: '1.2.0', to: '1.0.0' }),
      candidate('c', { from: '1.1.0', to: '1.1.0' }),
      candidate('d', { from: '1.2.0', to: null }),
      candidate('e', { from: '1.2.0', to: '1.1.0', active: 'u1' }),
    ]
    const plan = planOf({ request: rollback, candidates, release: null })
    const back = Object.fromEntries(membersOf(plan).map(({ target, to }) => [target, to]))
    expect(back).toEqual({ a: '1.1.0', b: '1.0.0', c: '1.1.0', e: '1.1.0' })
    expect(plan).toMatchObject({ version: 'previous', digest: null, releaseVersion: 0 })
    expect(plan.leftOut).toEqual([{ target: 'd', reason: 'no_earlier_version' }])
  })
  it('is named by the version where all go to the same', () => {
    const candidates = fleet(3, () => ({ from: '1.2.0', to: '1.1.0' }))
    expect(planOf({ request: rollback, candidates, release: null }).version).toBe('1.1.0')
  })
})

/** Taken since the order of a plan follows from the release alone, and its hash from the whole request. */
const releasedHash = 'c66a860bf781a4021dd08e9d1659e86a3adc07eabe6af363be16602fc9fc7122'

describe('the hash of a plan', () => {
  const base = planOf().planHash
  it('is the one that was released: a change of it would disown every plan there is', () => {
    expect(base).toBe(releasedHash)
  })
  const changed: [string, Partial<Facts>][] = [
    ['a member more', { candidates: fleet(51) }],
    ['a member left out', { candidates: fleet(50, (place) => ({ pinned: place === 3 })) }],
    ["a member's version", { candidates: fleet(50, (place) => (place === 3 ? { from: '1.0.0' } : {})) }],
    ['the digest', { release: { version: 'v1.2.0', digest: 'sha256:2', releaseVersion: 1 } }],
    ['the version', { release: { version: 'v1.2.1', digest: 'sha256:1', releaseVersion: 1 } }],
    ['the policy version', { policyVersion: 1 }],
    ['the waves', { request: request({ canaryPercent: 20 }) }],
    ['a limit', { request: request({ failures: { percent: 50, absolute: null, action: 'pause' } }) }],
  ]
  it.each(changed)('changes with %s', (_what, changes) => {
    expect(planOf(changes).planHash).not.toBe(base)
  })
  it('changes with nothing else, so that it is the same for a dry run and a deploy', () => {
    expect(planOf({ candidates: fleet(50).reverse() }).planHash).toBe(base)
    expect(planOf({ candidates: fleet(50, () => ({ tags: { tier: 'gold' } })) }).planHash).toBe(base)
    expect(base).toMatch(/^[0-9a-f]{64}$/)
  })
  it('tells any two fleets apart that differ in a member', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), (size, draw) => {
        const place = draw % size
        const one = planOf({ candidates: fleet(size) })
        const other = planOf({
          candidates: fleet(size).map((each, at) => (at === place ? { ...each, target: 'another' } : each)),
        })
        expect(other.planHash).not.toBe(one.planHash)
      }),
      { numRuns: 50 },
    )
  })
})

describe('the chunks of a plan', () => {
  const candidates = fleet(1201, (place) => ({ from: place % 3 ? '1.1.0' : '1.0.0' }))
  it('hold at most 400 members, whose events the language knows', () => {
    const plan = planOf({ candidates })
    expect(Array.from(plan.chunks, ({ members }) => members.length)).toEqual([400, 400, 400, 1])
    for (const chunk of plan.chunks) given().when(storeChunk(chunk)).thenTypes('PlanChunkStored')
    const { waves, droppedWaves, planHash, version, digest, members, policyVersion, releaseVersion } = plan
    const data = { planHash, version, digest, members, waves, droppedWaves, policyVersion, releaseVersion }
    expect(() => upgradeEvents.decode('UpgradePlanned', 1, { ...data, leftOut: {} })).not.toThrow()
  })
  it('give back every member by its index in the plan or in the chunk', () => {
    const plan = planOf({ candidates })
    const from = new Map(candidates.map((each) => [each.target, each.from]))
    for (const member of membersOf(plan)) expect(member.from).toBe(from.get(member.target))
    const [, , third = null, last = null] = plan.chunks
    expect(memberOf({ chunk: third }, 1000)).toEqual(memberOf({ chunk: third }, 200))
    expect(() => memberOf({ chunk: last }, 1201)).toThrow('no member 1201')
    expect(() => memberOf({ chunk: null }, 0)).toThrow(RangeError)
  })
  it('are stored once; another one under the same hash is refused', () => {
    const [chunk, other] = planOf({ candidates }).chunks
    if (!chunk || !other) throw new Error('the fleet fills several chunks')
    given().when(storeChunk(chunk)).thenEvents({ type: 'PlanChunkStored', data: chunk })
    given().when(storeChunk(chunk)).thenIdempotent()
    given({ type: 'PlanChunkStored', data: chunk }).when(storeChunk(other)).thenRejected('plan-mismatch')
  })
})
