import { after, between, second } from '../../../events/time.ts'
import type { Following, UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import type { CommitContext } from '../aggregate.ts'
import { afterWave } from '../plan/after-wave.ts'
import {
  allowedFailures,
  cutsAt,
  type PlannedWaves,
  sparingCritical,
  type WaveRange,
  waveCount,
  waveRange,
} from '../plan/waves.ts'
import { meaningOf } from '../target/outcome.ts'
import { isWatched, judgeOutcomes } from './gate.ts'
import { eachMember } from './members.ts'
import { type ReplayFigures, type ReplayPolicy, type ReplayStop, withPolicy } from './replay.ts'
import type { RecordedPlan } from './state.ts'

/** In which waves, and how many at once, an upgrade is played anew. */
export interface Arrangement {
  /** Percent of its members by the end of each wave, in rising order, and at last all of them; left out: the waves of its plan. */
  readonly waves?: readonly number[]
  /** Left out: as many as were asked for. */
  readonly parallel?: number
  /** How long each wave is watched; left out: as long as was asked for. */
  readonly bakeSeconds?: number
}

/** What is known of a member: when it was admitted first, and how it ended and when. */
interface Known {
  readonly admittedAt: string
  readonly end: Ending | null
}

interface Ending {
  readonly counts: 'succeeded' | 'failed' | 'unreachable' | 'skipped'
  readonly at: string
}

/** What came of playing it anew. */
export interface Played {
  readonly stop: (Omit<ReplayStop, 'commit'> & { readonly commit: null }) | null
  readonly figures: ReplayFigures
  readonly exposed: number
  readonly seconds: number | null
  readonly isKnown: boolean
}

/**
 * Returns the waves that a plan with the same members would have had: those that were asked for, cut as a planner cuts them, else its own. What was asked
 * of a percentage holds for the wave that ends with the same.
 */
function wavesOf(
  { waves }: Arrangement,
  { percentages }: UpgradeRequest,
  plan: RecordedPlan,
): Pick<PlannedWaves, 'waves' | 'entries'> {
  if (!waves) return plan
  const percents = waves.at(-1) === 100 ? waves : [...waves, 100]
  const { members, critical = 0 } = plan
  const { entries = [], ...cut } = sparingCritical(cutsAt(percents, members), members, members - critical)
  const asked = entries.map(
    (place) => percentages?.findIndex(({ percent }) => percent === percents[place]) ?? -1,
  )
  return { ...cut, entries: asked }
}

/**
 * An upgrade as it would have gone in other waves: each member ends as it ended, after as long as it took, in the order of the plan. So it says how many
 * would have been exposed, and about how long it would have taken, had nobody waited for a person. Of whom nobody knows how they would have ended
 * it says no more.
 */
export class Rearranged {
  readonly #policy: ReplayPolicy
  readonly #asked: Arrangement
  readonly #members = new Map<number, Known>()
  #request: UpgradeRequest | null = null
  #plan: RecordedPlan | null = null
  #begunAt: string | null = null

  constructor(policy: ReplayPolicy, asked: Arrangement) {
    this.#policy = policy
    this.#asked = asked
  }

  /** Hears one event after the other, each with its commit. */
  hear(event: UpgradeEvent, { at }: Pick<CommitContext, 'at'>): void {
    switch (event.type) {
      case 'UpgradeRequested':
        this.#request = withPolicy(event.data.request, this.#policy)
        return
      case 'UpgradePlanned':
        this.#plan = event.data
        return
      case 'WaveStarted':
        this.#begunAt ??= at
        return
      case 'TargetsAdmitted':
        for (const member of eachMember(event.data.members))
          this.#members.set(member, { admittedAt: at, end: null })
        return
      case 'MembersSkipped':
        for (const member of eachMember(event.data.members)) {
          const { admittedAt = at } = this.#members.get(member) ?? {}
          this.#members.set(member, { admittedAt, end: { counts: 'skipped', at: admittedAt } })
        }
        return
      case 'OutcomesRecorded':
        for (const { member, outcome, again } of event.data.outcomes) {
          const known = this.#members.get(member)
          if (known && again === null)
            this.#members.set(member, { ...known, end: { counts: meaningOf(outcome).counts, at } })
        }
        return
      case 'MembersRegressed':
        for (const { member } of event.data.members) {
          const known = this.#members.get(member)
          if (known?.end) this.#members.set(member, { ...known, end: { ...known.end, counts: 'failed' } })
        }
        return
      case 'RetriesGivenUp':
        for (const member of eachMember(event.data.members)) {
          const known = this.#members.get(member)
          if (known) this.#members.set(member, { ...known, end: { counts: 'failed', at } })
        }
        return
      default:
        return
    }
  }

  /** Returns what would have come of it, once everything was told. */
  end(): Played {
    const [request, planned] = [this.#request, this.#plan]
    const course = new Course()
    if (!request || !planned || this.#begunAt === null)
      return { ...told(course, null), seconds: null, isKnown: false }
    const plan = { ...planned, ...wavesOf(this.#asked, request, planned) }
    const count = waveCount(plan.waves, plan.members)
    for (let wave = 0; wave < count; wave++) {
      const asked = afterWave({ request, plan }, wave)
      const following = { ...asked, bakeSeconds: this.#asked.bakeSeconds ?? asked.bakeSeconds }
      const end =
        this.#playWave(course, { request, plan }, waveRange(plan.waves, plan.members, wave)) ??
        judge(course, following, wave + 1 === count)
      if (end === 'unknown') return { ...told(course, null), seconds: course.now, isKnown: false }
      if (end) {
        const at = after(this.#begunAt, course.now * second)
        return { ...told(course, { ...end, wave, at, commit: null }), seconds: course.now, isKnown: true }
      }
    }
    return { ...told(course, null), seconds: course.now, isKnown: true }
  }

  /** Plays one wave; returns what stops it, null where nothing does, and `unknown` where it needs a member of whom nobody knows how it ended. */
  #playWave(
    course: Course,
    { request, plan }: { readonly request: UpgradeRequest; readonly plan: Pick<RecordedPlan, 'members'> },
    { from, to }: WaveRange,
  ): Stopped | 'unknown' | null {
    course.wave = nobody()
    const parallel = this.#asked.parallel ?? request.parallel
    const { failures, unreachable, budget } = request
    for (let next = from; next < to || course.running.length > 0; ) {
      while (next < to && course.running.length < parallel) {
        const known = this.#members.get(next++)
        if (!known?.end) return 'unknown'
        course.begin(known.admittedAt, known.end)
      }
      course.endNext()
      const { wave, counts } = course
      const judged = [
        ['failures', wave.failed, allowedFailures(failures, to - from, wave.skipped)],
        [
          'budget',
          counts.failed,
          budget ? allowedFailures(budget, plan.members, counts.skipped) : plan.members,
        ],
        ['unreachable', wave.unreachable, allowedFailures(unreachable, to - from, wave.skipped)],
      ] as const
      const beyond = judged.find(([, count, allowed]) => count > allowed)
      if (beyond) {
        const [kind, count, allowed] = beyond
        return { kind, count, allowed, reason: `${count}, ${allowed} allowed` }
      }
    }
    return null
  }
}

type Stopped = Pick<ReplayStop, 'kind' | 'count' | 'allowed' | 'reason'>

function nobody(): Record<Ending['counts'], number> {
  return { succeeded: 0, failed: 0, unreachable: 0, skipped: 0 }
}

/** Watches a wave that is over, and judges it; returns why it does not pass, null: it does. */
function judge(
  course: Course,
  asked: Pick<Following, 'bakeSeconds' | 'gate'>,
  isLast: boolean,
): Stopped | null {
  if (isWatched(asked, isLast)) course.now += asked.bakeSeconds
  // Nobody knows who would have fallen silent.
  const heard = { silent: 0, bears: 0 }
  const { succeeded } = course.counts
  const { result, reason } = judgeOutcomes(asked.gate, { ...heard, wave: course.wave, isLast, succeeded })
  return result === 'passed' ? null : { kind: 'gate', count: null, allowed: null, reason }
}

/** How far it has come. */
class Course {
  /** In seconds since the first wave. */
  now = 0
  exposed = 0
  readonly counts = nobody()
  /** Of the present wave. */
  wave = nobody()
  /** Who is in flight, whoever ends next first. */
  readonly running: { readonly ends: number; readonly counts: Ending['counts'] }[] = []

  begin(admittedAt: string, end: Ending): void {
    if (end.counts !== 'skipped') this.exposed += 1
    const ends = this.now + Math.max(0, between(admittedAt, end.at)) / second
    const later = this.running.findIndex((one) => one.ends > ends)
    this.running.splice(later < 0 ? this.running.length : later, 0, { ends, counts: end.counts })
  }

  endNext(): void {
    const first = this.running.shift()
    if (!first) throw new Error('Nobody is in flight.')
    this.now = first.ends
    this.counts[first.counts] += 1
    this.wave[first.counts] += 1
  }
}

function told(
  { counts, exposed, running }: Course,
  stop: Played['stop'],
): Pick<Played, 'stop' | 'figures' | 'exposed'> {
  const { succeeded, failed, unreachable } = counts
  return { stop, exposed, figures: { succeeded, failed, unreachable, inFlight: running.length } }
}
