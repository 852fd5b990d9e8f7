import type { MemberStatus } from '../upgrade/members.ts'
import type { Hold, UpgradeStatus } from '../upgrade/state.ts'
import { sameVersion } from '../version.ts'
import { explainMembership } from './explain-membership.ts'
import { isPinned, type TargetState } from './state.ts'

/** What an upgrade says about one target, folded at the instant that is asked about. */
export interface UpgradeStanding {
  readonly id: string
  readonly component: string
  readonly version: string
  readonly status: UpgradeStatus
  readonly holds: readonly Hold[]
  /** The present wave, from 0; -1 before the first. */
  readonly wave: number
  /** The target's wave, from 0; null when it is no member. */
  readonly memberWave: number | null
  /** Where the member stands; null when it is no member. */
  readonly memberStatus: MemberStatus | null
  /** Why the plan left the target out; null when it did not. */
  readonly leftOut: string | null
  /** From when on a member that waits for another try may have it. */
  readonly again: string | null
}

/** One fact that the answer rests on. */
export interface Reason {
  readonly code: string
  readonly words: string
  /** The stream in which the fact is written. */
  readonly ref: 'target' | `upgrade#${string}`
  readonly since?: string
  /** What would change it. */
  readonly unblock?: string
}

/** In one word: an attempt runs, is offered, waits its turn, is kept from it, would be taken, or has nothing to do. */
export type Verdict = 'updating' | 'offered' | 'waiting' | 'blocked' | 'eligible' | 'done'

/** A reason together with the verdict that it would give alone. */
export interface Finding extends Reason {
  readonly verdict: Verdict
}

/** The answer to "why has (not) this target been upgraded?" (N3). */
export interface Explanation {
  readonly verdict: Verdict
  readonly summary: string
  readonly reasons: readonly Reason[]
}

/** What the explanation follows from. */
export interface ExplainFacts {
  readonly target: TargetState
  /** The instant that is asked about; target and upgrades are folded up to it. */
  readonly at: string
  /** Those that concern the target, newest first. */
  readonly upgrades: readonly UpgradeStanding[]
  /** Ask about this component and version only. */
  readonly candidateFor?: { readonly component: string; readonly version: string }
}

function activeFinding({ target, at }: ExplainFacts): Finding[] {
  const { active } = target
  if (!active) return []
  const { upgrade, component, from, to, acceptedAt, deadline, acceptBy, assignedAt } = active
  const what = `${component} from ${from} to ${to} for upgrade ${upgrade}`
  if (acceptedAt === null || deadline === null) {
    const late = at >= acceptBy
    return [
      {
        code: late ? 'acceptance_overdue' : 'waiting_for_acceptance',
        verdict: 'offered',
        words: late
          ? `It was offered ${what} and had to accept by ${acceptBy}; it is about to be counted as unreachable.`
          : `It is offered ${what} and has until ${acceptBy} to accept.`,
        ref: 'target',
        since: assignedAt,
        unblock: 'The agent asks for updates and accepts.',
      },
    ]
  }
  const late = at >= deadline
  return [
    {
      code: late ? 'end_overdue' : 'running',
      verdict: 'updating',
      words: late
        ? `It changes ${what} and had to be through by ${deadline}; it is about to be counted as timed out or lost.`
        : `It changes ${what} and has until ${deadline}.`,
      ref: 'target',
      since: acceptedAt,
      unblock: 'The agent reports the end.',
    },
  ]
}

function standingFindings({ target, candidateFor }: ExplainFacts): Finding[] {
  const found: Finding[] = []
  if (target.retired) {
    const { reason, since } = target.retired
    const words = `It was retired (${reason}) and gets no updates.`
    found.push({ code: 'retired', verdict: 'blocked', words, ref: 'target', since })
  }
  const { pin } = target
  if (pin && (!candidateFor || isPinned(target, candidateFor.component))) {
    const words = `${pin.component ?? 'Every component'} is pinned (${pin.reason}).`
    const unblock = 'An operator lifts the pin.'
    found.push({ code: 'pinned', verdict: 'blocked', words, ref: 'target', since: pin.since, unblock })
  }
  return found
}

function versionFinding({ target, candidateFor }: ExplainFacts): Finding[] {
  if (!candidateFor) return []
  const { component, version } = candidateFor
  const present = target.components[component]
  if (present === undefined) {
    const words = `It does not run ${component}.`
    return [{ code: 'component_missing', verdict: 'blocked', words, ref: 'target' }]
  }
  if (!sameVersion(present, version)) return []
  const words = `${component} runs ${present} already.`
  return [{ code: 'already_at_version', verdict: 'done', words, ref: 'target' }]
}

function restFinding({ target, candidateFor }: ExplainFacts): Finding {
  const { component, version } = candidateFor ?? {}
  const what = component === undefined ? 'it' : `${component} ${target.components[component]} to ${version}`
  return {
    code: 'no_upgrade',
    verdict: 'eligible',
    words: `No upgrade takes ${what}, and nothing speaks against one.`,
    ref: 'target',
    unblock: 'Somebody deploys an upgrade that selects it.',
  }
}

/**
 * Returns why a target has, or has not, been upgraded at an instant: the decisive reason first and as the summary, then every
 * other that holds as well. It rests on folds alone, so it is exact for any instant of the past.
 */
export function explainTarget(facts: ExplainFacts): Explanation {
  const { target, upgrades, candidateFor } = facts
  if (!target.registered) {
    const reason: Reason = { code: 'not_registered', words: 'It was not registered then.', ref: 'target' }
    return { verdict: 'blocked', summary: reason.words, reasons: [reason] }
  }
  const concerned = upgrades.filter(
    ({ component, version }) =>
      !candidateFor || (component === candidateFor.component && sameVersion(version, candidateFor.version)),
  )
  const found = [
    ...(target.retired ? standingFindings(facts) : []),
    ...activeFinding(facts),
    ...versionFinding(facts),
    ...(target.retired ? [] : standingFindings(facts)),
    ...concerned.flatMap((upgrade) => explainMembership(target, upgrade)),
  ]
  const [decisive = restFinding(facts)] = found
  const reasons = (found.length > 0 ? found : [decisive]).map(({ verdict: _verdict, ...reason }) => reason)
  return { verdict: decisive.verdict, summary: decisive.words, reasons }
}
