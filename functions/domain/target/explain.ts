import { explainMember } from './explain-member.ts'
import type { Explanation, Finding, UpgradeAsked } from './explanation.ts'
import { mayBeAccepted, type TargetState } from './state.ts'

/** What the explanation follows from, all of it folded up to one instant. */
export interface ExplainFacts {
  readonly id: string
  readonly target: TargetState
  readonly ref: string
  readonly at: string
  /** The one that is asked about. */
  readonly upgrade?: UpgradeAsked | undefined
  readonly freeze: { readonly reason: string; readonly since: string; readonly ref: string } | null
}

function attemptUnderWay({ id, target, ref, at }: ExplainFacts): Finding[] {
  const { active } = target
  if (!active) return []
  const { upgrade, component, from, to, acceptedAt, deadline, acceptBy, assignedAt } = active
  const what = `${component} ${from} → ${to} of upgrade ${upgrade}`
  if (acceptedAt === null || deadline === null) {
    const late = !mayBeAccepted(active, at)
    const detail = late
      ? `${what} had to be accepted by the agent of ${id} by ${acceptBy}: it is about to be counted as unreachable.`
      : `${what} waits for the agent of ${id} to accept it by ${acceptBy}.`
    const unblock = 'The agent asks for updates and accepts.'
    return [{ code: 'offered', verdict: 'offered', detail, ref, since: assignedAt, unblock }]
  }
  const late = at >= deadline
  const detail = late
    ? `${id} accepted ${what} at ${acceptedAt} and had to be through by ${deadline}: it is about to be counted as timed out or lost.`
    : `${id} accepted ${what} at ${acceptedAt}; it has until ${deadline}.`
  const unblock = 'The agent reports the end.'
  return [{ code: 'updating', verdict: 'updating', detail, ref, since: acceptedAt, unblock }]
}

/** What the target says of itself; what decides comes first. */
function ofItself(facts: ExplainFacts): Finding[] {
  const { id, target, ref } = facts
  const { retired, pin } = target
  const found: Finding[] = []
  if (retired) {
    const detail = `${id} is retired: ${retired.reason}`
    found.push({ code: 'retired', verdict: 'blocked', detail, ref, since: retired.since })
  }
  found.push(...attemptUnderWay(facts))
  if (pin) {
    const detail = `${id} is pinned (${pin.component ?? 'every component'}): ${pin.reason}`
    const unblock = 'An operator lifts the pin.'
    found.push({ code: 'pinned', verdict: 'blocked', detail, ref, since: pin.since, unblock })
  }
  return found
}

/** Which components run something else than what was put there. */
function drifts({ id, target, ref }: ExplainFacts): Finding[] {
  return Object.entries(target.drift).map(([component, { from, to, since }]) => ({
    code: 'drift',
    verdict: 'eligible',
    detail: `${id} was to run ${component} ${from}, and has said since ${since} that it runs ${to}.`,
    ref,
    since,
    unblock: 'Somebody deploys the version that is wanted, or the target says that it runs it again.',
  }))
}

/** How the last attempt ended, where nothing newer is known. */
function lastAttempt({ id, target, ref }: ExplainFacts): Finding[] {
  const last = target.attempts.at(-1)
  if (!last) return []
  const { component, from, to, outcome, endedAt } = last
  const code = last.code === null ? '' : ` (${last.code})`
  const detail = `The last attempt on ${id}, ${component} ${from} → ${to}, ended as ${outcome}${code} at ${endedAt}.`
  return [{ code: last.code ?? outcome, verdict: 'done', detail, ref, since: endedAt }]
}

function otherwise({ id, ref, freeze }: ExplainFacts): Finding {
  if (freeze) {
    const detail = `Everything is stopped: ${freeze.reason}`
    const unblock = 'Somebody lifts the stop with a reason.'
    return { code: 'freeze', verdict: 'blocked', detail, ref: freeze.ref, since: freeze.since, unblock }
  }
  const detail = `Nothing stands against upgrading ${id}; no upgrade has assigned it anything.`
  const unblock = 'Somebody deploys an upgrade that selects it.'
  return { code: 'eligible', verdict: 'eligible', detail, ref, unblock }
}

/**
 * Returns why a target has, or has not, been upgraded at an instant: the decisive reason first and as the sentence, then every
 * other that holds as well. It rests on folds alone, so it is exact for any instant of the past.
 */
export function explainTarget(facts: ExplainFacts): Explanation {
  const { target, upgrade } = facts
  const member = upgrade ? explainMember(target, upgrade) : []
  // What an upgrade has done is no answer where the target says that it is not so any more.
  const isDone = member[0]?.verdict === 'done'
  const drifted = drifts(facts)
  const stopped = drifted.length > 0 && !upgrade && facts.freeze ? [otherwise(facts)] : []
  const found = [
    ...ofItself(facts),
    ...stopped,
    ...(isDone ? [...drifted, ...member] : [...member, ...drifted]),
  ]
  if (found.length === drifted.length + stopped.length && !upgrade) found.push(...lastAttempt(facts))
  const [decisive = otherwise(facts)] = found
  const reasons = (found.length > 0 ? found : [decisive]).map(({ verdict: _, ...reason }) => reason)
  return { verdict: decisive.verdict, sentence: decisive.detail, reasons }
}
