import type { UpgradeRequest } from '../../events/upgrade.ts'
import type { Findings } from './finding.ts'
import type { History } from './history.ts'
import { type Planned, rangeOf, waveOf } from './plan.ts'

/** Where a member stands, as the audit counts it. One that was never admitted or skipped has no standing. */
export type Standing =
  | 'in flight'
  | 'retrying'
  | 'deferred'
  | 'succeeded'
  | 'failed'
  | 'unreachable'
  | 'skipped'

type Tally = Record<Standing, number>

const nobody: Readonly<Tally> = {
  'in flight': 0,
  retrying: 0,
  deferred: 0,
  succeeded: 0,
  failed: 0,
  unreachable: 0,
  skipped: 0,
}

/** What an end makes of a member that waits for no other admission (design: #ends-of-attempts). */
export function standingAfter(outcome: string): Standing {
  if (outcome === 'succeeded' || outcome === 'unreachable') return outcome
  return ['skipped', 'cancelled', 'deferred', 'withdrawn'].includes(outcome) ? 'skipped' : 'failed'
}

/** What an upgrade may bear so much of: in a wave, or in the whole upgrade failures (`budget`) and those who are out of service (`unavailable`). */
export type Limited = 'failures' | 'unreachable' | 'budget' | 'unavailable'

/** Ends before which no attempt has touched its target: it was passed over, or given back. */
const withoutAttempt = ['skipped', 'deferred', 'withdrawn']

/** A time that is open, `[start, end)`. */
export interface Span {
  readonly start: string
  readonly end: string
}

/** How often a metric was looked at, was out of bounds, and gave no number. */
export interface Measured {
  taken: number
  bad: number
  inconclusive: number
}

/** One upgrade as the rules see it: written anew from the events, not by the code that decided them. */
export class Course {
  request: UpgradeRequest | null = null
  requestedBy = ''
  plan: Planned | null = null
  window: Span | null = null
  generation = 0
  /** Who approved, and the window that each approval stands for; null: always. */
  readonly approvers = new Map<string, Span | null>()
  /** Who has approved it, as what, whatever that counts for. */
  readonly approvals: { readonly by: string; readonly role: 'approver' | 'admin' }[] = []
  /** Who gave it the window that it has; null: its request or its profile did. */
  movedBy: string | null = null
  /** The calendars that bind it. */
  calendars: readonly string[] = []
  /** The stops that it overrode, as it says itself. */
  readonly overrode = new Set<string>()
  wave = -1
  waveEnded = false
  bakeUntil: string | null = null
  /** Since when the present wave is watched, where it is. */
  bakeSince: string | null = null
  /** What was measured of the present wave, by the places of the metrics. */
  measured = new Map<number, Measured>()
  /** The limits that were exceeded, until somebody acknowledged what exceeded them. */
  readonly breached = new Set<Limited>()
  /** Failures of the whole upgrade that somebody has acknowledged. */
  acknowledgedFailures = 0
  /** Members that are out of service and in nobody's hands: all of them, and those that somebody has acknowledged. */
  lost = 0
  acknowledgedLost = 0
  /** When an attempt last ended; null: none has. */
  lastEnd: string | null = null
  /** `accepted`: an operator resumed in spite of it. */
  gate: 'passed' | 'failed' | 'inconclusive' | 'accepted' | null = null
  continued = false
  /** Since when a pause or an abort forbids admissions. */
  stoppedAt: string | null = null
  aborted = false
  /** From when on it need not wait for another opening, as it says itself; null: one may come. */
  lapses: string | null = null
  ended = false
  /** Failures and unreachable ones of the present wave that an operator accepted by resuming. */
  acknowledged = { failed: 0, unreachable: 0 }
  readonly members = new Map<number, { standing: Standing; n: number }>()
  /** When each wave began that did, in their order, and when the upgrade was over. */
  readonly began: string[] = []
  endedAt: string | null = null
  /** Those who approved it with the rollout that it belongs to. */
  approvedWithRollout: readonly string[] = []
  /** What had succeeded and was counted as failed after all, as `<member>#<n>`; of these waves, no others are. */
  readonly regressed = new Set<string>()
  readonly uncounted = new Set<number>()
  readonly #total: Tally = { ...nobody }
  readonly #waves = new Map<number, Tally>()

  /** Has somebody approved it who did not ask for it: itself, or with its rollout? */
  #hasSecondPerson(): boolean {
    return [...this.approvers.keys(), ...this.approvedWithRollout].some((by) => by !== this.requestedBy)
  }

  /** May it admit while everything is stopped? It was asked for so, and somebody else approved it. */
  brokeGlass(): boolean {
    return this.request?.breakGlass === true && this.#hasSecondPerson()
  }

  /** Returns how many people have to approve it. */
  needed(): number {
    return Math.max(this.request?.approvals.required ?? 0, this.plan?.exposure?.approvals ?? 0)
  }

  /** Returns how many people have approved it in the window that it has. */
  approved(): number {
    return this.#holding().length
  }

  #holding(): string[] {
    const { window } = this
    return [...this.approvers].flatMap(([by, span]) => {
      const inside =
        span === null || (window !== null && span.start <= window.start && window.end <= span.end)
      return inside ? [by] : []
    })
  }

  /** It has another window. What was approved of a profile's upgrade holds in each window that the profile opens for it. */
  move(window: Span, by: string | null): void {
    const holding = this.#holding()
    this.window = window
    this.movedBy = by
    if (by === null) for (const approver of holding) this.approvers.set(approver, window)
  }

  /** May it go to releases that were withdrawn? It was asked for so, and somebody else approved it. */
  mayGoToWithdrawn(): boolean {
    return this.request?.toWithdrawn !== undefined && this.#hasSecondPerson()
  }

  /** Does nothing open for it any more? */
  isOver(at: string): boolean {
    return this.lapses !== null && this.lapses <= at
  }

  /** Has the member ever had this admission? Later ones include it. */
  admitted(member: number, n: number): boolean {
    return (this.members.get(member)?.n ?? 0) >= n
  }

  /** Puts a member at another standing, and the counts with it. */
  put(member: number, standing: Standing, n: number): void {
    const wave = this.plan ? waveOf(this.plan.waves, member) : this.wave
    const tally = this.#waves.get(wave) ?? { ...nobody }
    this.#waves.set(wave, tally)
    const before = this.members.get(member)
    if (before) {
      tally[before.standing]--
      this.#total[before.standing]--
    }
    tally[standing]++
    this.#total[standing]++
    this.members.set(member, { standing, n })
  }

  /** Somebody's attempt has ended so, or what had succeeded says so, and it is not tried again by the same upgrade. */
  lose(outcome: string): void {
    const standing = standingAfter(outcome)
    // Who took itself back is in service.
    if (standing === 'unreachable' || (standing === 'failed' && outcome !== 'rolled_back')) this.lost++
  }

  /** An attempt has ended so, at an instant. */
  endAttempt(outcome: string, at: string): void {
    if (!withoutAttempt.includes(outcome)) this.lastEnd = at
  }

  /** Returns what is asked of each wave: the percentage that it belongs to, where the request has such, else what holds for all of them. */
  asked(wave: number) {
    return this.request?.percentages?.[this.plan?.entries?.[wave] ?? -1] ?? this.request
  }

  /** Returns what was measured of the present wave comes to; `passed` where nothing is measured. What has not come to its end is inconclusive. */
  get verdictOfMetrics(): 'passed' | 'failed' | 'inconclusive' {
    const verdicts = (this.request?.metrics ?? []).map(
      ({ count, failures, inconclusive, control }, place) => {
        // After the last wave there is nobody to compare with.
        if (control && this.plan && rangeOf(this.plan, this.wave)[1] >= this.plan.members) return 'passed'
        const known = this.measured.get(place) ?? { taken: 0, bad: 0, inconclusive: 0 }
        if (known.bad > failures) return 'failed'
        const enough = known.taken - known.inconclusive >= count
        return enough && known.inconclusive <= inconclusive ? 'passed' : 'inconclusive'
      },
    )
    if (verdicts.includes('failed')) return 'failed'
    return verdicts.includes('inconclusive') ? 'inconclusive' : 'passed'
  }

  /** Returns how many members stand so in the whole upgrade. */
  total(standing: Standing): number {
    return this.#total[standing]
  }

  /** Returns how many members of the present wave stand so. */
  inWave(standing: Standing): number {
    return this.#waves.get(this.wave)?.[standing] ?? 0
  }

  /** Returns how many failures, or unreachable ones, the present wave or the whole upgrade bears: a share of those that were not skipped. */
  allowed(kind: Limited): number {
    if (!this.request || !this.plan || this.wave < 0) return 0
    const [from, to] = rangeOf(this.plan, this.wave)
    if (kind === 'unavailable') {
      const { rolling } = this.plan
      return rolling ? Math.max(rolling.unavailable, 1) - 1 : this.plan.members
    }
    const whole = kind === 'budget'
    const limit = this.request[whole ? 'budget' : kind]
    if (!limit) return this.plan.members
    const members = whole ? this.plan.members - this.total('skipped') : to - from - this.inWave('skipped')
    const share = Math.floor(Number(((members * limit.percent) / 100).toFixed(9)))
    return limit.absolute === null ? share : Math.min(limit.absolute, share)
  }

  /** Returns how many of the wave failed or were unreachable, or failed in the whole upgrade, that nobody has accepted. */
  unaccepted(kind: Limited): number {
    if (kind === 'budget') return this.total('failed') - this.acknowledgedFailures
    if (kind === 'unavailable') return this.lost - this.acknowledgedLost
    return kind === 'failures'
      ? this.inWave('failed') - this.acknowledged.failed
      : this.inWave('unreachable') - this.acknowledged.unreachable
  }

  /** Returns from when on a member's wave was under way, and until when a regression in it counts (null: it still does); undefined: it never began. */
  heard(member: number): { readonly from: string; readonly until: string | null } | undefined {
    const wave = this.plan ? waveOf(this.plan.waves, member) : -1
    const from = this.began[wave]
    if (from === undefined || this.uncounted.has(wave)) return undefined
    return { from, until: this.began[wave + 1] ?? this.endedAt }
  }

  begin(wave: number, at: string): void {
    this.wave = wave
    this.began[wave] = at
    this.waveEnded = false
    this.bakeUntil = null
    this.bakeSince = null
    this.measured.clear()
    this.gate = null
    this.continued = false
    this.acknowledged = { failed: 0, unreachable: 0 }
  }

  /** Somebody resumes it, having seen every failure there is or not. */
  resume(acknowledged: boolean): void {
    this.stoppedAt = null
    if (acknowledged) {
      this.acknowledged = { failed: this.inWave('failed'), unreachable: this.inWave('unreachable') }
      this.acknowledgedFailures = this.total('failed')
      this.acknowledgedLost = this.lost
      this.breached.clear()
    }
    if (this.gate === 'failed' || this.gate === 'inconclusive') this.gate = 'accepted'
  }
}

/** What the rules about one upgrade work on. */
export interface AuditedUpgrade {
  readonly history: History
  readonly id: string
  readonly course: Course
  readonly findings: Findings
}
