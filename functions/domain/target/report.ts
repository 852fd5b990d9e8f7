import { after, second } from '../../../events/time.ts'
import { accept, reject } from '../aggregate.ts'
import { sameVersion } from '../version.ts'
import { type AttemptEnd, endOf } from './attempt.ts'
import { meaningOf } from './outcome.ts'
import { notRegistered, refuseTarget } from './refusals.ts'
import {
  type ActiveAttempt,
  type EndedAttempt,
  mayBeAccepted,
  type TargetDecision,
  type TargetState,
} from './state.ts'

/** More components than any target runs: reports of made-up names must not make a state grow without end. */
const componentsAtMost = 64

const noneActive = reject({
  code: 'no-active-attempt',
  detail: 'No update is under way on this target. Ask GET /api/v1/updates/check what to do.',
})
const isOver = (attempt: EndedAttempt) =>
  reject({
    code: 'attempt-over',
    detail: `Attempt ${attempt.attempt} has ended as ${attempt.outcome}. Stop working on it and ask GET /api/v1/updates/check.`,
  })

type Subject =
  | { readonly kind: 'active'; readonly attempt: ActiveAttempt }
  | { readonly kind: 'ended'; readonly attempt: EndedAttempt }
  | { readonly kind: 'none' }

/** Which attempt a report is about. Without a name it is the active one, else the one that ended last (a repeated report). */
function subjectOf(state: TargetState, named: string | undefined): Subject {
  const { active, attempts } = state
  if (active && (named === undefined || named === active.attempt)) return { kind: 'active', attempt: active }
  const ended =
    named === undefined
      ? attempts.findLast(({ outcome }) => meaningOf(outcome).offered)
      : attempts.findLast(({ attempt }) => attempt === named)
  return ended ? { kind: 'ended', attempt: ended } : { kind: 'none' }
}

/** Hands an attempt over to the target: until this is answered it must not touch anything (design: #hand-over). */
export function acceptAttempt({ attempt: named }: { readonly attempt?: string }): TargetDecision {
  return (state, now) => {
    const refused = refuseTarget(state)
    if (refused) return refused
    const subject = subjectOf(state, named)
    if (subject.kind === 'none') return noneActive
    if (subject.kind === 'ended') return named === undefined ? noneActive : isOver(subject.attempt)
    const { attempt, upgrade, member, n, acceptedAt, acceptBy, seconds, sequence } = subject.attempt
    if (acceptedAt !== null) return accept()
    if (!mayBeAccepted(subject.attempt, now)) {
      return reject({
        code: 'attempt-over',
        detail: `Attempt ${attempt} had to be accepted by ${acceptBy}. Do not begin it; ask GET /api/v1/updates/check.`,
      })
    }
    const deadline = after(now, seconds * second)
    return accept({
      type: 'AttemptAccepted',
      data: { attempt, upgrade, member, n, deadline, sequence: sequence + 1 },
    })
  }
}

/** What a target says about the end of an attempt. */
export interface FinishReport {
  /** May be left out while one is active. */
  readonly attempt?: string
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
function endFrom(report: FinishReport, to: string): AttemptEnd {
  const { status, version, code, retryable, output, saidAt } = report
  const said = { version, output, ...(saidAt !== undefined && { saidAt }) }
  switch (status) {
    case 'completed':
      return version !== null && sameVersion(version, to)
        ? { outcome: 'succeeded', code: null, ...said }
        : { outcome: 'failed', code: 'VERSION_MISMATCH', ...said }
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

function afterEnd(state: TargetState, ended: EndedAttempt, end: AttemptEnd): ReturnType<TargetDecision> {
  const { component } = ended
  const repeated =
    end.outcome === ended.outcome && end.code === ended.code && (end.version ?? null) === ended.version
  if (repeated) return accept()
  const late = end.outcome === 'succeeded' && meaningOf(ended.outcome).presumed
  if (!late || !end.version || !isLatest(state, ended)) return isOver(ended)
  if (state.components[component] === end.version) return accept()
  const { version, saidAt } = end
  const said = saidAt === undefined ? {} : { saidAt }
  const inventory = { component, version, ...said, revision: state.revision + 1 }
  return accept({ type: 'VersionReported', data: inventory })
}

/**
 * Ends an attempt as its target reports. The same report again changes nothing; one that contradicts the recorded end is
 * refused; a success that comes after the attempt was given up corrects the inventory and nothing else.
 */
export function finishAttempt(report: FinishReport): TargetDecision {
  return (state) => {
    if (!state.registered) return notRegistered
    const refused = refuseTarget(state)
    const subject = subjectOf(state, report.attempt)
    if (subject.kind === 'none') return refused ?? noneActive
    const { attempt } = subject
    const end = endFrom(report, attempt.to)
    if (subject.kind === 'ended') {
      const decision = afterEnd(state, subject.attempt, end)
      const changes = 'events' in decision && decision.events.length > 0
      return refused && changes ? refused : decision
    }
    if (subject.attempt.acceptedAt === null && report.status !== 'rejected') {
      return reject({
        code: 'attempt-not-accepted',
        detail: `Attempt ${attempt.attempt} was not accepted: report in-progress, and begin when that is answered.`,
      })
    }
    return accept(endOf(state, subject.attempt, end))
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
  const subject = subjectOf(state, report.attempt)
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
