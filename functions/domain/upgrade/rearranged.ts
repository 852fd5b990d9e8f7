import { after, between, second } from '../../../events/time.ts'
import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import type { CommitContext } from '../aggregate.ts'
import { allowedFailures } from '../plan/waves.ts'
import { meaningOf } from '../target/outcome.ts'
import { eachMember } from './members.ts'
import type { ReplayFigures, ReplayPolicy, ReplayStop } from './replay.ts'

/** In which waves, and how many at once, an upgrade is played anew. */
export interface Arrangement {
  /** Percent of its members by the end of each wave, in rising order; left out: one wave. */
  readonly waves?: readonly number[]
  /** Left out: as many as were asked for. */
  readonly parallel?: number
  /** How long each wave but the last is watched; left out: as long as was asked for. */
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

/** Returns how many members each wave ends with; every wave has one at least. */
function cutsOf(waves: readonly number[], members: number): number[] {
  const cuts = waves.map((percent) => Math.min(members, Math.max(1, Math.round((members * percent) / 100))))
  return [...new Set([...cuts, members])].sort((left, right) => left - right)
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
  #size = 0
  #begunAt: string | null = null

  constructor(policy: ReplayPolicy, asked: Arrangement) {
    this.#policy = policy
    this.#asked = asked
  }

  /** Hears one event after the other, each with its commit. */
  hear(event: UpgradeEvent, { at }: Pick<CommitContext, 'at'>): void {
    switch (event.type) {
      case 'UpgradeRequested':
        this.#request = event.data.request
        return
      case 'UpgradePlanned':
        this.#size = event.data.members
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
      default:
        return
    }
  }

  /** Returns what would have come of it, once everything was told. */
  end(): Played {
    const request = this.#request
    if (!request || this.#begunAt === null)
      return { ...told(new Course(), null), seconds: null, isKnown: false }
    const course = new Course()
    const cuts = cutsOf(this.#asked.waves ?? [], this.#size)
    for (const [wave, to] of cuts.entries()) {
      const end = this.#playWave(course, { ...request, ...this.#policy }, cuts[wave - 1] ?? 0, to)
      if (end === 'unknown') return { ...told(course, null), seconds: course.now, isKnown: false }
      if (end) {
        const at = after(this.#begunAt, course.now * second)
        return { ...told(course, { ...end, wave, at, commit: null }), seconds: course.now, isKnown: true }
      }
      if (to < this.#size) course.now += this.#asked.bakeSeconds ?? request.bakeSeconds
    }
    return { ...told(course, null), seconds: course.now, isKnown: true }
  }

  /** Plays one wave; returns what stops it, null where it passes, and `unknown` where it needs a member of whom nobody knows how it ended. */
  #playWave(course: Course, rules: UpgradeRequest, from: number, to: number): Stopped | 'unknown' | null {
    const counts = nobody()
    const parallel = this.#asked.parallel ?? rules.parallel
    for (let next = from; next < to || course.running.length > 0; ) {
      while (next < to && course.running.length < parallel) {
        const known = this.#members.get(next++)
        if (!known?.end) return 'unknown'
        course.begin(known.admittedAt, known.end)
      }
      const ended = course.endNext()
      counts[ended] += 1
      const judged = [
        ['failures', counts.failed, allowedFailures(rules.failures, to - from, counts.skipped)],
        ['unreachable', counts.unreachable, allowedFailures(rules.unreachable, to - from, counts.skipped)],
        ['budget', course.counts.failed, this.#budgetOf(rules, course)],
      ] as const
      const beyond = judged.find(([, count, allowed]) => count > allowed)
      if (beyond) {
        const [kind, count, allowed] = beyond
        return { kind, count, allowed, reason: `${count}, ${allowed} allowed` }
      }
    }
    return to < this.#size || rules.gate ? judgeWave(counts, rules.gate?.successRatePercent ?? 0) : null
  }

  #budgetOf({ budget }: UpgradeRequest, { counts }: Course): number {
    return budget ? allowedFailures(budget, this.#size, counts.skipped) : this.#size
  }
}

type Stopped = Pick<ReplayStop, 'kind' | 'count' | 'allowed' | 'reason'>

function nobody(): Record<Ending['counts'], number> {
  return { succeeded: 0, failed: 0, unreachable: 0, skipped: 0 }
}

/** Returns why a wave does not pass; null: it does. Nothing follows a wave in which nobody has succeeded. */
function judgeWave(
  { succeeded, failed, unreachable }: ReturnType<typeof nobody>,
  required: number,
): Stopped | null {
  const ended = succeeded + failed + unreachable
  const rate = ended === 0 ? null : Math.floor((succeeded * 10_000) / ended) / 100
  if (rate !== null && succeeded > 0 && rate >= required) return null
  const reason = rate === null ? 'nobody has ended' : `${rate} % succeeded, ${required} % required`
  return { kind: 'gate', count: null, allowed: null, reason }
}

/** How far it has come. */
class Course {
  /** In seconds since the first wave. */
  now = 0
  exposed = 0
  readonly counts = nobody()
  /** Who is in flight, whoever ends next first. */
  readonly running: { readonly ends: number; readonly counts: Ending['counts'] }[] = []

  begin(admittedAt: string, end: Ending): void {
    if (end.counts !== 'skipped') this.exposed += 1
    const ends = this.now + Math.max(0, between(admittedAt, end.at)) / second
    const later = this.running.findIndex((one) => one.ends > ends)
    this.running.splice(later < 0 ? this.running.length : later, 0, { ends, counts: end.counts })
  }

  endNext(): Ending['counts'] {
    const first = this.running.shift()
    if (!first) throw new Error('Nobody is in flight.')
    this.now = first.ends
    this.counts[first.counts] += 1
    return first.counts
  }
}

function told(
  { counts, exposed, running }: Course,
  stop: Played['stop'],
): Pick<Played, 'stop' | 'figures' | 'exposed'> {
  const { succeeded, failed, unreachable } = counts
  return { stop, exposed, figures: { succeeded, failed, unreachable, inFlight: running.length } }
}
