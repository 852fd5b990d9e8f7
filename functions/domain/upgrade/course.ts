import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { meaningOf } from '../target/outcome.ts'
import { eachMember } from './members.ts'
import { exists, type UpgradeState } from './state.ts'

/** One try on one member: its number in the plan, and that of its admission. */
export type Try = `${number}#${number}`

/** What an upgrade went through, followed event by event. */
export class Course {
  /** The most attempts in flight at once. */
  peak = 0
  /** The tries that ended. */
  readonly ended = new Set<Try>()
  readonly #failed = new Map<number, { readonly code: string; readonly rolledBack: boolean }>()
  readonly #reasons: string[] = []

  /** Follows an event, with the state of the upgrade after it. */
  follow(event: UpgradeEvent, state: UpgradeState): void {
    if (exists(state)) this.peak = Math.max(this.peak, state.standing.counts.inFlight)
    switch (event.type) {
      case 'PlanningFailed':
        this.#reasons.push(event.data.code)
        break
      case 'MembersSkipped':
        for (const member of eachMember(event.data.members)) this.#failed.delete(member)
        break
      case 'MembersRegressed':
        for (const { member, outcome, code } of event.data.members) {
          const failure = { code: code ?? outcome.toUpperCase(), rolledBack: outcome === 'rolled_back' }
          this.#failed.set(member, failure)
        }
        break
      case 'OutcomesRecorded':
        for (const { member, n, outcome, code, again } of event.data.outcomes) {
          this.ended.add(`${member}#${n}`)
          const { counts } = meaningOf(outcome)
          const fails = again === null ? counts === 'failed' || counts === 'unreachable' : again === 'retry'
          const failure = { code: code ?? outcome.toUpperCase(), rolledBack: outcome === 'rolled_back' }
          if (fails) this.#failed.set(member, failure)
          else this.#failed.delete(member)
        }
    }
  }

  /** Why the upgrade itself failed, and with what code each member that its counts call failed, unreachable or retrying. */
  get codes(): readonly string[] {
    return [...this.#reasons, ...[...this.#failed.values()].map(({ code }) => code)]
  }

  /** How many of these members took themselves back, those included that wait to be tried again. */
  get rolledBack(): number {
    return [...this.#failed.values()].filter(({ rolledBack }) => rolledBack).length
  }
}
