import { canonicalJson } from '../../../events/canonical.ts'
import { after, second } from '../../../events/time.ts'
import { accept, reject } from '../aggregate.ts'
import type { Closure } from '../policy/closure.ts'
import type { Stop } from '../policy/policy.ts'
import { type Compatibility, type Environment, misfitOf } from '../release/compatibility.ts'
import { sameVersion } from '../version/identity.ts'
import { type AttemptEnd, endOf, incompatible, versionMismatch } from './attempt.ts'
import { meaningOf } from './outcome.ts'
import { notRegistered, refuseTarget } from './refusals.ts'
import { reconsidered } from './regression.ts'
import {
  type ActiveAttempt,
  type EndedAttempt,
  mayBeAccepted,
  standsAs,
  type TargetDecision,
  type TargetState,
} from './state.ts'
import { type Said, type Subject, subjectOf } from './subject.ts'

/** More components than any target runs: reports of made-up names must not make a state grow without end. */
const componentsAtMost = 64

const noneActive = reject({
  code: 'no-active-attempt',
  detail: 'No update is under way on this target. Ask GET /api/v1/updates/check what to do.',
})
const sequenceBehind = reject({
  code: 'sequence-behind',
  detail: 'A later report of this attempt is known: this one is late.',
})
const isOver = (attempt: EndedAttempt) =>
  reject({
    code: 'attempt-over',
    detail: `Attempt ${attempt.attempt} has ended as ${attempt.outcome}. Stop working on it and ask GET /api/v1/updates/check.`,
  })

/** A report that cannot be told apart, or names what is not there, is refused with what there is. */
function refuseSubject({ names, sequence }: Said, subject: Subject) {
  switch (subject.kind) {
    case 'none':
      return noneActive
    case 'stranger':
      return reject({
        code: 'attempt-not-of-target',
        detail: `Attempt ${subject.attempt} is not one of this target, or was over long ago. Ask GET /api/v1/updates/check which one waits.`,
      })
    case 'unclear': {
      const { active, last } = subject
      const what = `${names ?? 'no version'}${sequence === undefined ? '' : ` with the sequence ${sequence}`}`
      return reject({
        code: 'report-unclear',
        detail: `The report names ${what}. Under way is attempt ${active.attempt} to ${active.to}, the last before it was attempt ${last.attempt} to ${last.to}: say by attempt which it is about.`,
      })
    }
    default:
      return undefined
  }
}

/** What a procedure does is nobody's to report but its execution's. */
const driven = ({ attempt, procedure }: ActiveAttempt) =>
  reject({
    code: 'attempt-driven',
    detail: `Attempt ${attempt} is driven by the procedure ${procedure?.name}: there is nothing to do for the agent. Ask GET /api/v1/updates/check later.`,
  })

/** What a hand-over is checked against, read strongly just before. */
export interface HandOverFacts {
  readonly stops: readonly Pick<Stop, 'reason'>[]
  /** The calendar that is closed now. */
  readonly closure: Closure | undefined
  /** Why the release must not be rolled out any more. */
  readonly withdrawn: string | null
  /** Why it must not be rolled out now, by whether it is blocked and who has signed it; null: it may be. */
  readonly refused: string | null
  /** What the release asks of where it runs. */
  readonly compatibility: Compatibility
  /** The release needs a licence: which one the target had when it was asked (null: none), and whether that entitles to it. Null: it needs none. */
  readonly licence: { readonly asked: string | null; readonly entitles: boolean } | null
}

/** Returns why an attempt must not be begun now, though the target was offered it; undefined when it may be. */
function refuseHandOver(
  { attempt, breaksGlass }: ActiveAttempt,
  state: Pick<TargetState, 'facts' | 'licence'>,
  facts: HandOverFacts,
) {
  const refusal = (code: string, why: string) =>
    reject({ code, detail: `${why} Do not begin attempt ${attempt}; ask GET /api/v1/updates/check later.` })
  const [stop] = facts.stops
  if (stop && !breaksGlass) return refusal('everything-stopped', `Everything is stopped: ${stop.reason}.`)
  const { closure, withdrawn, refused, compatibility, licence } = facts
  if (closure && !breaksGlass)
    return refusal('closed-by-now', `Nothing is begun until ${closure.to}: ${closure.why}.`)
  if (withdrawn !== null) return refusal('release-withdrawn', `The release was withdrawn: ${withdrawn}.`)
  if (refused !== null) return refusal('release-refused', `The release must not be rolled out: ${refused}.`)
  const misfit = misfitOf(compatibility, state.facts?.environment)
  if (misfit !== undefined) return refusal(incompatible, `It does not fit: ${misfit}.`)
  // It may have another one by now than was asked.
  const entitled = licence === null || (licence.entitles && licence.asked === (state.licence?.id ?? null))
  if (!entitled) return refusal('not-entitled', 'The target has no licence for the release.')
  return undefined
}

/**
 * Hands an attempt over to the target: until this is answered it must not touch anything (design: #hand-over). `facts` may be left out
 * where the attempt is known to be accepted already.
 */
export function acceptAttempt({
  facts,
  byProcedure = false,
  ...said
}: Said & { readonly facts?: HandOverFacts; readonly byProcedure?: boolean }): TargetDecision {
  return (state, now) => {
    const refused = refuseTarget(state)
    if (refused) return refused
    const subject = subjectOf(state, said, false)
    if (subject.kind === 'ended')
      return said.attempt === undefined && !state.active ? noneActive : isOver(subject.attempt)
    if (subject.kind !== 'active') return refuseSubject(said, subject) ?? noneActive
    if (subject.attempt.procedure && !byProcedure) return driven(subject.attempt)
    const { attempt, upgrade, member, n, acceptedAt, acceptBy, seconds, sequence } = subject.attempt
    const { reported = 0 } = subject.attempt
    if (acceptedAt !== null) return (said.sequence ?? reported) < reported ? sequenceBehind : accept()
    if (!mayBeAccepted(subject.attempt, now)) {
      return reject({
        code: 'attempt-over',
        detail: `Attempt ${attempt} had to be accepted by ${acceptBy}. Do not begin it; ask GET /api/v1/updates/check.`,
      })
    }
    const held = facts && refuseHandOver(subject.attempt, state, facts)
    if (held) return held
    const deadline = after(now, seconds * second)
    return accept({
      type: 'AttemptAccepted',
      data: {
        ...{ attempt, upgrade, member, n, deadline, sequence: sequence + 1 },
        ...(said.sequence !== undefined && { reported: said.sequence }),
      },
    })
  }
}

/** What a target says about the end of an attempt. */
export interface FinishReport extends Said {
  readonly status: 'completed' | 'failed' | 'rejected' | 'rolled-back' | 'rollback-failed'
  /** What the component runs now, where the target knows. */
  readonly version: string | null
  readonly code: string | null
  readonly retryable: boolean
  readonly output: string | null
  /** When it said so, by its own clock. */
  readonly saidAt?: string
}

/** Success is the version that was asked for, running; a success that runs something else is a failure. */
export function endFrom(report: FinishReport, to: string): AttemptEnd {
  const { status, version, code, retryable, output, saidAt, sequence: reported } = report
  const said = { version, output, reported, ...(saidAt !== undefined && { saidAt }) }
  switch (status) {
    case 'completed':
      return version !== null && sameVersion(version, to)
        ? { outcome: 'succeeded', code: null, ...said }
        : { outcome: 'failed', code: versionMismatch, ...said }
    case 'failed':
      return { outcome: 'failed', code, retryable, ...said }
    case 'rejected':
      return { outcome: 'rejected', code, retryable, ...said }
    case 'rolled-back':
      return { outcome: 'rolled_back', code, retryable, ...said }
    case 'rollback-failed':
      return { outcome: 'rollback_failed', code, ...said }
  }
}

/** Is this the attempt that touched the component last? An older one has nothing to say about what runs now. */
function isLatest(state: TargetState, ended: EndedAttempt): boolean {
  if (state.active?.component === ended.component) return false
  const latest = state.attempts.findLast(
    ({ component, acceptedAt, attempt }) =>
      component === ended.component && (acceptedAt !== null || attempt === ended.attempt),
  )
  return latest?.attempt === ended.attempt
}

/** Is it the same that runs, in whatever spelling? */
function isSame(left: string | null, right: string | null): boolean {
  return left === right || (left !== null && right !== null && sameVersion(left, right))
}

function afterEnd(state: TargetState, ended: EndedAttempt, end: AttemptEnd): ReturnType<TargetDecision> {
  const { component } = ended
  const stands = standsAs(ended)
  const repeated = end.outcome === stands.outcome && end.code === stands.code
  if (repeated && (stands === ended.regression || isSame(end.version ?? null, ended.version))) return accept()
  if (ended.outcome === 'succeeded' && isLatest(state, ended)) {
    const late = end.reported !== undefined && end.reported < (ended.reported ?? 0)
    return late ? sequenceBehind : (reconsidered(state, ended, end) ?? isOver(ended))
  }
  const late = end.outcome === 'succeeded' && meaningOf(ended.outcome).presumed
  if (!late || !end.version || !isLatest(state, ended)) return isOver(ended)
  if (isSame(state.components[component] ?? null, end.version)) return accept()
  const { version, saidAt } = end
  const said = saidAt === undefined ? {} : { saidAt }
  const inventory = { component, version, ...said, revision: state.revision + 1 }
  return accept({ type: 'VersionReported', data: inventory })
}

/**
 * Ends an attempt as its target reports. The same report again changes nothing; one that contradicts the recorded end is
 * refused; a success that comes after the attempt was given up corrects the inventory and nothing else. What had succeeded may regress, and be
 * well again once (design: #regressions).
 */
export function finishAttempt(report: FinishReport): TargetDecision {
  return (state, now) => {
    if (!state.registered) return notRegistered
    const refused = refuseTarget(state)
    const subject = subjectOf(state, report, report.status !== 'rejected')
    if (subject.kind !== 'active' && subject.kind !== 'ended')
      return refused ?? refuseSubject(report, subject) ?? noneActive
    const { attempt } = subject
    const end = endFrom(report, attempt.to)
    if (subject.kind === 'ended') {
      const decision = afterEnd(state, subject.attempt, end)
      const changes = 'events' in decision && decision.events.length > 0
      return refused && changes ? refused : decision
    }
    if (subject.attempt.procedure) return driven(subject.attempt)
    if (subject.attempt.acceptedAt === null && report.status !== 'rejected') {
      return reject({
        code: 'attempt-not-accepted',
        detail: `Attempt ${attempt.attempt} was not accepted: report in-progress, and begin when that is answered.`,
      })
    }
    return accept(endOf(state, subject.attempt, end, now))
  }
}

/** Corrects what is where a target runs by what its agent says; the same again changes nothing. */
export function hearEnvironment(environment: Environment): TargetDecision {
  return (state) => {
    const refused = refuseTarget(state)
    if (refused) return refused
    if (canonicalJson(state.facts?.environment ?? {}) === canonicalJson(environment)) return accept()
    const data = { environment: { ...environment }, revision: state.revision + 1 }
    return accept({ type: 'EnvironmentReported', data })
  }
}

/** What a target says that a component runs. */
export interface Statement {
  readonly component: string
  readonly version: string
  readonly heard: 'check' | 'report'
  /** When it said so, by its own clock; left out: now. */
  readonly saidAt?: string
}

/** Returns the component that a statement is about which names none: a target that runs a single one can mean no other. */
export function onlyComponent({ components }: Pick<TargetState, 'components'>): string | undefined {
  const names = Object.keys(components)
  return names.length === 1 ? names[0] : undefined
}

/**
 * Returns what a report says that runs now, though the attempt that it is about was over before: a success names it, and who took itself
 * back after a success runs what it ran before that. Undefined: it says nothing of what runs.
 */
export function statementIn(state: TargetState, report: FinishReport): Statement | undefined {
  const subject = subjectOf(state, report, report.status !== 'rejected')
  const attempt = subject.kind === 'ended' ? subject.attempt : undefined
  const component = attempt?.component ?? onlyComponent(state)
  if (subject.kind === 'active' || component === undefined) return undefined
  const said = report.saidAt === undefined ? {} : { saidAt: report.saidAt }
  const back = attempt?.outcome === 'succeeded' && isLatest(state, attempt) ? attempt.from : null
  const version =
    report.status === 'completed' ? report.version : report.status === 'rolled-back' ? back : null
  return version === null ? undefined : { component, version, heard: 'report', ...said }
}

/**
 * Corrects the inventory by what a target says it runs, at any time. While an attempt is under way on the component its own end says so; what
 * was said before something that is known already changes nothing.
 */
export function hearVersion(statement: Statement): TargetDecision {
  return (state) => {
    const refused = refuseTarget(state)
    if (refused) return refused
    const { component, version, heard, saidAt } = statement
    const present = Object.hasOwn(state.components, component) ? state.components[component] : undefined
    if (state.active?.component === component) return accept()
    const before = Object.hasOwn(state.said, component) ? state.said[component] : undefined
    if (saidAt !== undefined && before !== undefined && saidAt <= before) return accept()
    if (present !== undefined && sameVersion(present, version)) return accept()
    const said = saidAt === undefined ? {} : { saidAt }
    const revision = state.revision + 1
    if (present !== undefined) {
      const data = { component, from: present, to: version, heard, ...said, revision }
      return accept({ type: 'DriftFound', data })
    }
    if (Object.keys(state.components).length >= componentsAtMost) {
      return reject({
        code: 'too-many-components',
        detail: `A target runs at most ${componentsAtMost} components; ${component} would be one more.`,
      })
    }
    return accept({ type: 'VersionReported', data: { component, version, ...said, revision } })
  }
}
