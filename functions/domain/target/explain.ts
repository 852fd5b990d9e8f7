import type { Stop } from '../policy/policy.ts'
import { explainMember, ofRelease, regressionOf } from './explain-member.ts'
import type { CitedAgainst, Explanation, Finding, UpgradeAsked } from './explanation.ts'
import { whomOf } from './procedure.ts'
import { hasNoAgent, mayBeAccepted, type ProcedureProgress, type TargetState } from './state.ts'

/** What the explanation follows from, all of it folded up to one instant. */
export interface ExplainFacts {
  readonly id: string
  readonly target: TargetState
  readonly ref: string
  readonly at: string
  /** When its agent was last heard of; null: never of late; left out: the past is asked about, of which nobody knows. */
  readonly lastSeenAt?: string | null
  /** The one that is asked about. */
  readonly upgrade?: UpgradeAsked | undefined
  /** Where none is asked about: those at work that hold the target. */
  readonly holders?: readonly UpgradeAsked[]
  /** Where none is asked about, and none holds it: the newest of its components that left it out. */
  readonly passedOver?: readonly UpgradeAsked[]
  /** Where none is asked about: what stands against the newest releases of its components. */
  readonly releases?: readonly CitedAgainst[]
  /** Where none is asked about: the newest releases of its components that need a licence which it does not have. */
  readonly unentitled?: readonly {
    readonly component: string
    readonly version: string
    readonly ref: string
  }[]
  /** The stops of everything that were in force, the oldest first. */
  readonly stops: readonly (Pick<Stop, 'reason' | 'since'> & { readonly ref: string })[]
}

/** Where an attempt is that a procedure drives, in the procedure's own words. */
function drivenAttempt(
  { id, target, ref }: ExplainFacts,
  what: string,
  { name, direction, running, failure }: ProcedureProgress,
): Finding {
  const { acceptedAt, assignedAt, deadline } = target.active ?? {}
  const since = running?.startedAt ?? acceptedAt ?? assignedAt ?? ''
  const told = { code: 'updating', verdict: 'updating', ref, since } as const
  if (!acceptedAt)
    return {
      ...told,
      verdict: 'offered',
      detail: `${what} waits for the procedure ${name} to begin on ${id}.`,
    }
  const way = direction === 'back' ? `is undone on ${id} by` : `is done on ${id} by`
  const why = failure ? ` It failed: ${failure.code}.` : ''
  const place = running ? ` at "${running.name}", try ${running.tries}, since ${running.startedAt}` : ''
  const detail = `${what} ${way} the procedure ${name}${place}; it has until ${deadline}.${why}`
  if (!running?.held) return { ...told, detail }
  const { why: reason, ask } = running.held
  const path = `POST /api/v1/targets/${id}/steps/${running.step}`
  const unblock = {
    acknowledgement: `Somebody says what is asked, by ${path}/acknowledge.`,
    unknown: `Somebody says what is asked, by ${path}/settle.`,
    agent: `Its agent runs it, or somebody who knows says how it ended, by ${path}/settle.`,
    callback: `Its receiver calls back, or somebody who knows says how it ended, by ${path}/settle.`,
  }[reason]
  return { ...told, code: 'held', detail: `${detail} It waits for ${whomOf(reason)}: ${ask}`, unblock }
}

/** Why an attempt that is offered is not accepted, as far as anybody has heard, and what ends that. */
function notAccepted(
  { id, target, lastSeenAt }: ExplainFacts,
  assignedAt: string,
): readonly [string, string] {
  const accepts = 'The agent asks for updates and accepts.'
  if (hasNoAgent({ facts: target.facts, enrolled: target.keyHash !== null }))
    return [
      ` No agent has ever enrolled for ${id}.`,
      `An agent enrols for it with a token that an operator issues, asks for updates and accepts.`,
    ]
  if (lastSeenAt === undefined) return ['', accepts]
  if (lastSeenAt === null) return [` Nothing was heard of its agent in the last 30 days.`, accepts]
  if (lastSeenAt < assignedAt) return [` Its agent was last heard of at ${lastSeenAt}, before that.`, accepts]
  return [
    ` Its agent has asked since, at ${lastSeenAt}, and waits for its own reasons: its maintenance window is closed, or it installs when somebody tells it to.`,
    'Its own window opens, or somebody runs drydock-agent install there.',
  ]
}

function attemptUnderWay(facts: ExplainFacts): Finding[] {
  const { id, target, ref, at } = facts
  const { active } = target
  if (!active) return []
  const { upgrade, component, from, to, acceptedAt, deadline, acceptBy, assignedAt } = active
  const what = `${component} ${from} → ${to} of upgrade ${upgrade}`
  if (active.procedure) return [drivenAttempt(facts, what, active.procedure)]
  if (acceptedAt === null || deadline === null) {
    const late = !mayBeAccepted(active, at)
    const detail = late
      ? `${what} had to be accepted by the agent of ${id} by ${acceptBy}: it is about to be counted as unreachable.`
      : `${what} waits for the agent of ${id} to accept it by ${acceptBy}.`
    const [why, unblock] = notAccepted(facts, assignedAt)
    return [
      { code: 'offered', verdict: 'offered', detail: `${detail}${why}`, ref, since: assignedAt, unblock },
    ]
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
  const regressed = regressionOf(last, ref)
  if (regressed) return [{ ...regressed, detail: `After the last attempt on ${id}, ${regressed.detail}` }]
  const code = last.code === null ? '' : ` (${last.code})`
  const detail = `The last attempt on ${id}, ${component} ${from} → ${to}, ended as ${outcome}${code} at ${endedAt}.`
  const has = outcome === 'succeeded' || last.code === 'already_at_version'
  return [{ code: last.code ?? outcome, verdict: has ? 'done' : 'eligible', detail, ref, since: endedAt }]
}

/** Everything is stopped: a reason for each stop. */
function stopped({ stops }: ExplainFacts): Finding[] {
  const unblock = 'Somebody lifts the stop with a reason.'
  return stops.map(({ reason, ref, since }) => ({
    ...{ code: 'freeze', verdict: 'blocked', ref, since, unblock },
    detail: `Everything is stopped: ${reason}`,
  }))
}

/** What waits for the target, where no upgrade is asked about; stops come first, but for what is under way. */
function ofHolders(facts: ExplainFacts): Finding[] {
  const { target, holders = [] } = facts
  const found = holders.flatMap((holder) => explainMember(target, holder))
  if (found.length === 0 || target.active) return found
  const stops = stopped(facts)
  // Each stop says itself why it is there: that it holds the upgrade is no second reason.
  return stops.length === 0 ? found : [...stops, ...found.filter(({ code }) => code !== 'FREEZE')]
}

function eligible({ id, ref }: ExplainFacts): Finding {
  const detail = `Nothing stands against upgrading ${id}; no upgrade has assigned it anything.`
  const unblock = 'Somebody deploys an upgrade that selects it.'
  return { code: 'eligible', verdict: 'eligible', detail, ref, unblock }
}

/** Which releases it would not get for want of a licence. */
function unlicensed(id: string, unentitled: NonNullable<ExplainFacts['unentitled']>): Finding[] {
  return unentitled.map(({ component, version, ref }) => ({
    ...{ code: 'not_entitled', verdict: 'blocked', ref },
    detail: `${id} has no licence that entitles it to ${component} ${version}.`,
    unblock: 'It is given a licence that entitles it to the release.',
  }))
}

/**
 * Returns why a target has, or has not, been upgraded at an instant: the decisive reason first and as the sentence, then every
 * other that holds as well. It rests on folds alone, so it is exact for any instant of the past.
 */
export function explainTarget(facts: ExplainFacts): Explanation {
  const { target, upgrade, passedOver = [], releases = [], unentitled = [] } = facts
  const held = upgrade ? explainMember(target, upgrade) : ofHolders(facts)
  const present = held.length > 0 ? held : passedOver.flatMap((one) => explainMember(target, one))
  // What an upgrade has done is no answer where the target says that it is not so any more.
  const isDone = present[0]?.verdict === 'done'
  const drifted = drifts(facts)
  const stops = drifted.length > 0 && present.length === 0 && !upgrade ? stopped(facts) : []
  const found = [
    ...ofItself(facts),
    ...stops,
    ...(isDone ? [...drifted, ...present] : [...present, ...drifted]),
  ]
  if (found.length === drifted.length + stops.length && !upgrade) found.push(...lastAttempt(facts))
  if (found.length === 0) found.push(...stopped(facts))
  const [decisive = eligible(facts)] = found
  const all = [
    ...(found.length > 0 ? found : [decisive]),
    ...releases.map(ofRelease),
    ...unlicensed(facts.id, unentitled),
  ]
  const reasons = all.map(({ verdict: _, ...reason }) => reason)
  return { verdict: decisive.verdict, sentence: decisive.detail, reasons }
}
