import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { waveRange } from '../../../functions/domain/plan/waves.ts'
import { memberAt, membersWith } from '../../../functions/domain/upgrade/chunks.ts'
import {
  abortUpgrade,
  continueUpgrade,
  pauseUpgrade,
  resumeUpgrade,
  skipMember,
} from '../../../functions/domain/upgrade/control.ts'
import { finishUpgrade } from '../../../functions/domain/upgrade/execution.ts'
import type { MemberStatus } from '../../../functions/domain/upgrade/members.ts'
import { position } from '../../../functions/domain/upgrade/position.ts'
import { recordRegressions } from '../../../functions/domain/upgrade/regressions.ts'
import { hasEnded, isPlanned } from '../../../functions/domain/upgrade/state.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { calm, existing, planOf, requestOf, types, UpgradeWorld } from './world.ts'

type Act =
  | { do: 'wave' | 'continue' | 'pause' | 'resume' | 'abort' | 'freeze' | 'thaw' | 'finish' }
  | { do: 'later'; seconds: number }
  | {
      do: 'end'
      count: number
      outcome: 'succeeded' | 'failed' | 'deferred' | 'unreachable' | 'skipped' | 'timed_out'
      retryable: boolean
    }
  | { do: 'skip' | 'regress'; member: number }

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Act>({ do: 'wave' }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      count: fc.integer({ min: 1, max: 40 }),
      outcome: fc.constantFrom(
        'succeeded',
        'succeeded',
        'succeeded',
        'failed',
        'deferred',
        'unreachable',
        'skipped',
        'timed_out',
      ),
      retryable: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('later' as const), seconds: fc.integer({ min: 0, max: 4000 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('regress' as const), member: fc.integer({ min: 0, max: 1300 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('skip' as const), member: fc.integer({ min: 0, max: 1300 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Act>(
      { do: 'continue' },
      { do: 'pause' },
      { do: 'resume' },
      { do: 'freeze' },
      { do: 'thaw' },
      { do: 'finish' },
    ),
  },
  { weight: 1, arbitrary: fc.constant<Act>({ do: 'abort' }) },
)

function perform(world: UpgradeWorld, command: Act): void {
  switch (command.do) {
    case 'wave':
      world.startWave()
      return
    case 'end':
      world.end(command.count, command.outcome, command.retryable)
      return
    case 'later':
      world.later(command.seconds).do(tick(world.facts, { wave: world.standing.wave, members: 1 }))
      return
    case 'regress': {
      const n = (isPlanned(world.state) && memberAt(world.state.chunks, command.member)?.n) || 1
      const said = { n, outcome: 'failed', code: null, commit: 1 } as const
      // Those beside it as well, so that many do.
      const members = Array.from({ length: 40 }, (_, place) => command.member + place)
      // Whoever is through has succeeded, as far as the targets' streams say anything: only what had succeeded regresses.
      const told = new Set(
        world.story
          .filter((event) => event.type === 'OutcomesRecorded')
          .flatMap(({ data }) => data.outcomes)
          .flatMap(({ member, outcome }) => (outcome === 'succeeded' ? [member] : [])),
      )
      const all = members.filter((member) => told.has(member)).map((member) => ({ member, ...said }))
      world.do(recordRegressions(all, world.facts))
      return
    }
    case 'skip':
      world.do(skipMember({ member: command.member, by: 'alice' }, world.facts))
      return
    case 'continue':
      world.do(continueUpgrade({ by: 'bob' }, world.facts))
      return
    case 'pause':
      world.do(pauseUpgrade({ by: 'alice', reason: 'look' }))
      return
    case 'resume':
      world.do(resumeUpgrade({ by: 'alice', acknowledge: world.standing.counts }, world.facts))
      return
    case 'abort':
      world.do(abortUpgrade({ by: 'alice', reason: 'stop', rollBack: false }))
      return
    case 'freeze':
      world.facts = { ...calm, stops: [{ id: 'stop-1', reason: 'stop', by: 'bob', since: world.now }] }
      world.do(tick(world.facts))
      return
    case 'thaw':
      world.facts = calm
      world.do(tick(world.facts))
      return
    case 'finish':
      world.do(finishUpgrade({ generation: world.standing.generation }))
  }
}

/** Refusals are answers; only these may come. */
const refusals = new Set([
  'nothing-to-continue',
  'upgrade-ended',
  'upgrade-aborting',
  'update-in-progress',
  'attempt-over',
  'not-a-member',
])

function tryTo(world: UpgradeWorld, command: Act): void {
  const before = { state: world.state, told: world.story.length }
  try {
    perform(world, command)
  } catch (refusal) {
    if (!(refusal instanceof Error) || !refusals.has(refusal.message)) throw refusal
  }
  const news = world.story.slice(before.told)
  const admits = news.some(({ type }) => type === 'TargetsAdmitted')
  if (admits) {
    expect(world.facts.stops, 'I2: nothing is admitted inside a freeze').toEqual([])
    const was = existing(before.state)
    expect(was.abort, 'I9: nothing is admitted after an abort').toBeNull()
    if (was.standing.status === 'paused')
      expect(types(news), 'I9: only a resume ends a pause').toContain('UpgradeResumed')
  }
}

/** How a rolling or a serial upgrade goes about its members, besides its limit in flight; neither: any other. */
interface Pace {
  readonly rolling?: { readonly unavailable: number; readonly surge: number }
  readonly spacingSeconds?: number
}

/** What has been lost and when an attempt last ended, told from the story alone. */
class Watched {
  readonly #pace: Pace
  #lost = 0
  #acknowledged = 0
  #inFlight = 0
  #retrying = 0
  #lastEnd = Number.NEGATIVE_INFINITY

  constructor(pace: Pace) {
    this.#pace = pace
  }

  follow(events: readonly UpgradeEvent[], now: string): void {
    for (const event of events) this.#hear(event, Date.parse(now) / 1000)
  }

  #hear(event: UpgradeEvent, now: number): void {
    switch (event.type) {
      case 'TargetsAdmitted': {
        const [members, retried, readmitted] = [
          event.data.members,
          event.data.retried,
          event.data.readmitted,
        ].map((ranges) => ranges.reduce((sum, [from, to]) => sum + to - from, 0)) as [number, number, number] // one for each
        this.#inFlight += members + retried + readmitted
        this.#retrying -= retried
        const { rolling, spacingSeconds = 0 } = this.#pace
        expect(now - this.#lastEnd, 'I3: spaced').toBeGreaterThanOrEqual(spacingSeconds)
        if (!rolling || members + readmitted === 0) return
        const lost = this.#lost - this.#acknowledged
        expect(lost + this.#retrying, 'I3: not used up').toBeLessThan(Math.max(1, rolling.unavailable))
        const all = this.#inFlight + this.#retrying + lost
        expect(all, 'I3: unavailable').toBeLessThanOrEqual(rolling.unavailable + rolling.surge)
        return
      }
      case 'OutcomesRecorded':
        for (const { outcome, again } of event.data.outcomes) {
          this.#inFlight--
          if (again === 'retry') this.#retrying++
          if (again === null && ['failed', 'timed_out', 'unreachable'].includes(outcome)) this.#lost++
          if (!['deferred', 'skipped'].includes(outcome)) this.#lastEnd = now
        }
        return
      case 'MembersRegressed':
        this.#lost += event.data.members.length
        return
      case 'MembersSkipped':
        if (event.data.was === 'retrying')
          this.#retrying -= event.data.members.reduce((sum, [from, to]) => sum + to - from, 0)
        return
      case 'UpgradeResumed':
        if (event.data.acknowledged) this.#acknowledged = this.#lost
    }
  }
}

function checkInvariants(world: UpgradeWorld, parallel: number): void {
  const { state } = world
  const { counts } = world.standing
  for (const [name, value] of Object.entries(counts))
    expect(value, `I5: ${name} is never negative`).toBeGreaterThanOrEqual(0)
  expect(counts.inFlight, 'I3: in flight').toBeLessThanOrEqual(parallel)
  expect(JSON.parse(JSON.stringify(state)), 'a state is plain JSON').toEqual(state)
  expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(16_384)
  if (!isPlanned(state)) return
  const { plan, chunks } = state
  const having = (status: MemberStatus) => [...membersWith(chunks, status)].length
  expect(counts.inFlight, 'I5: the count is the fold').toBe(having('in_flight'))
  expect(counts.retrying).toBe(having('retrying'))
  expect(counts.deferred).toBe(having('deferred'))
  const admitted = world.story.filter((event) => event.type === 'TargetsAdmitted')
  const fresh = admitted.flatMap(({ data }) => data.members)
  const sizes = fresh.reduce((sum, [from, to]) => sum + to - from, 0)
  const ended = counts.succeeded + counts.failed + counts.unreachable + counts.skipped
  const skippedUnseen = world.story
    .filter((event) => event.type === 'MembersSkipped')
    .filter(({ data }) => data.was === 'pending').length
  expect(ended + counts.inFlight + counts.retrying + counts.deferred).toBe(sizes + skippedUnseen)
  for (const { data } of admitted) {
    const range = waveRange(plan.waves, plan.members, data.wave)
    for (const [from, to] of [...data.members, ...data.retried, ...data.readmitted]) {
      expect(from >= range.from && to <= range.to, 'I4: members of one wave only').toBe(true)
    }
  }
}

/** Nothing is wrong any more, and everybody does what is asked of them. */
function heal(world: UpgradeWorld): void {
  world.facts = calm
  for (let round = 0; round < 3000 && !hasEnded(world.state); round++) {
    const { move } = position(world.state, world.now)
    if (world.standing.status === 'paused') perform(world, { do: 'resume' })
    else if (move === 'start-wave') perform(world, { do: 'wave' })
    else if (move === 'finish') perform(world, { do: 'finish' })
    else if (world.state.stage === 'between-waves' && world.state.awaits?.kind === 'continue')
      perform(world, { do: 'continue' })
    else if (world.standing.counts.inFlight > 0)
      perform(world, { do: 'end', count: 500, outcome: 'succeeded', retryable: false })
    else perform(world, { do: 'later', seconds: 600 })
  }
}

describe('an upgrade under any order of commands', () => {
  test('keeps I2-I5 and I9, stays small, and ends once nothing is wrong (I11)', () => {
    fc.assert(
      fc.property(
        fc.record({
          members: fc.integer({ min: 1, max: 1200 }),
          cuts: fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 3 }),
          parallel: fc.constantFrom(1, 7, 100, 10_000),
          continueByHand: fc.boolean(),
          bakeSeconds: fc.constantFrom(0, 600),
          gate: fc.constantFrom(
            null,
            { successRatePercent: 90 },
            { successRatePercent: 90, action: 'abort' as const },
          ),
          retries: fc.integer({ min: 0, max: 3 }),
          percent: fc.constantFrom(0, 10, 100),
          pace: fc.constantFrom<Pace>(
            {},
            {},
            { rolling: { unavailable: 3, surge: 2 } },
            { rolling: { unavailable: 0, surge: 1 } },
            { rolling: { unavailable: 40, surge: 0 } },
            { spacingSeconds: 500 },
          ),
        }),
        fc.array(act, { maxLength: 60 }),
        (shape, acts) => {
          const { pace } = shape
          // Few go at once: a small plan shows all that a large one would.
          const members = pace.rolling || pace.spacingSeconds ? Math.min(shape.members, 60) : shape.members
          const parallel = pace.spacingSeconds === undefined ? shape.parallel : 1
          const cuts = [...new Set(shape.cuts.map((percent) => Math.ceil((members * percent) / 100)))].sort(
            (a, b) => a - b,
          )
          const plan = { ...planOf(members, [...cuts.filter((cut) => cut < members), members]), ...pace }
          const request = requestOf({
            parallel,
            continueByHand: shape.continueByHand,
            bakeSeconds: shape.bakeSeconds,
            gate: shape.gate,
            retry: { attempts: shape.retries, delaySeconds: 60 },
            failures: { percent: shape.percent, absolute: null, action: 'pause' },
            deadlines: { accept: 600, attempt: 3600, expected: 300, continue: 604_800, linger: 604_800 },
          })
          const world = new UpgradeWorld().requested(request, plan)
          const watched = new Watched(pace)
          for (const command of acts) {
            const { length: told } = world.story
            tryTo(world, command)
            watched.follow(world.story.slice(told), world.now)
            checkInvariants(world, parallel)
          }
          heal(world)
          expect(hasEnded(world.state), `ends: ${JSON.stringify({ ...world.state, chunks: {} })}`).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })
})
