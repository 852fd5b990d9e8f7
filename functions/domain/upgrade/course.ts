import type { AttemptOutcome } from '../../../events/target.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { isCritical, meaningOf } from '../target/outcome.ts'
import { eachMember } from './members.ts'
import { exists, type UpgradeState } from './state.ts'

/** One try on one member: its number in the plan, and that of its admission. */
export type Try = `${number}#${number}`

/** The last failure of a member: what it is called, and the try that ended so. */
interface Failed {
  readonly code: string
  readonly rolledBack: boolean
  readonly n: number
}

/** Failures that are called alike. */
export interface CommonFailure {
  readonly code: string
  /** How many members have failed so. */
  readonly count: number
  /** The last of them. */
  readonly member: number
  readonly n: number
}

/** What the members of an upgrade have failed with that its counts call failed, unreachable or retrying, followed event by event. */
export class Failures {
  /** What it hears; it makes nothing of others. */
  static readonly follows = ['MembersSkipped', 'MembersRegressed', 'OutcomesRecorded'] as const

  readonly #failed = new Map<number, Failed>()

  follow(event: UpgradeEvent): void {
    switch (event.type) {
      case 'MembersSkipped':
        for (const member of eachMember(event.data.members)) this.#failed.delete(member)
        break
      case 'MembersRegressed':
        for (const { member, ...end } of event.data.members) this.#note(member, end)
        break
      case 'OutcomesRecorded':
        for (const { member, again, ...end } of event.data.outcomes) {
          const { counts } = meaningOf(end.outcome)
          const fails = again === null ? counts === 'failed' || counts === 'unreachable' : again === 'retry'
          if (fails) this.#note(member, end)
          else this.#failed.delete(member)
        }
    }
  }

  #note(
    member: number,
    {
      outcome,
      code,
      n,
    }: { readonly outcome: AttemptOutcome; readonly code: string | null; readonly n: number },
  ): void {
    // Who fails anew is the last to have failed.
    this.#failed.delete(member)
    this.#failed.set(member, {
      code: code ?? outcome.toUpperCase(),
      rolledBack: outcome === 'rolled_back',
      n,
    })
  }

  get codes(): readonly string[] {
    return [...this.#failed.values()].map(({ code }) => code)
  }

  /** How many members took themselves back, those included that wait to be tried again. */
  get rolledBack(): number {
    return [...this.#failed.values()].filter(({ rolledBack }) => rolledBack).length
  }

  /** Returns the most common failures, so many at most; the critical ones come first. */
  mostCommon(atMost: number): readonly CommonFailure[] {
    const found = new Map<string, CommonFailure>()
    for (const [member, { code, n }] of this.#failed)
      found.set(code, { code, count: (found.get(code)?.count ?? 0) + 1, member, n })
    return [...found.values()]
      .sort(
        (left, right) =>
          Number(isCritical(right.code)) - Number(isCritical(left.code)) ||
          right.count - left.count ||
          (left.code < right.code ? -1 : 1),
      )
      .slice(0, atMost)
  }
}

/** What an upgrade went through, followed event by event. */
export class Course {
  /** The most attempts in flight at once. */
  peak = 0
  /** The tries that ended. */
  readonly ended = new Set<Try>()
  readonly #failures = new Failures()
  readonly #reasons: string[] = []

  /** Follows an event, with the state of the upgrade after it. */
  follow(event: UpgradeEvent, state: UpgradeState): void {
    if (exists(state)) this.peak = Math.max(this.peak, state.standing.counts.inFlight)
    this.#failures.follow(event)
    if (event.type === 'PlanningFailed') this.#reasons.push(event.data.code)
    if (event.type === 'OutcomesRecorded')
      for (const { member, n } of event.data.outcomes) this.ended.add(`${member}#${n}`)
  }

  /** Why the upgrade itself failed, and with what code each member that its counts call failed, unreachable or retrying. */
  get codes(): readonly string[] {
    return [...this.#reasons, ...this.#failures.codes]
  }

  /** How many of these members took themselves back, those included that wait to be tried again. */
  get rolledBack(): number {
    return this.#failures.rolledBack
  }
}
