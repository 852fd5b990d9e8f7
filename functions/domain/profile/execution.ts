import type { ProfileDefinition, ProfileEvent, UpgradeSummary } from '../../../events/profile.ts'
import { systemActor } from '../actor.ts'
import { accept, reject } from '../aggregate.ts'
import { unmeetable } from '../approval-rule.ts'
import { isCritical } from '../target/outcome.ts'
import { editorsBeside } from './editors.ts'
import { refuseMissing } from './lifecycle.ts'
import { voidPlan } from './plan-ahead.ts'
import { type Execution, exists, namedExecution, type ProfileDecision, type ProfileState } from './state.ts'

/** Starts an upgrade now rather than at the next window, for a reason (P12). The same upgrade again changes nothing. */
export function startExecution(command: {
  readonly upgrade: string
  readonly justification: string
  readonly by: string
}): ProfileDecision {
  return (state) => {
    const { upgrade, justification, by } = command
    const known = state.running?.upgrade === upgrade || state.summaries.some((one) => one.upgrade === upgrade)
    if (known) return accept()
    if (!exists(state)) return refuseMissing(state)
    if (justification.trim() === '') {
      return reject({
        code: 'reason-required',
        detail: 'An execution out of turn needs a reason: say why it cannot wait for the next window.',
      })
    }
    if (state.status !== 'active') {
      return reject({
        code: 'profile-inactive',
        detail: `The profile is out of service (${state.deactivated?.reason}). Set its status to active first.`,
      })
    }
    if (state.running) {
      return reject({
        code: 'execution-running',
        detail: `${namedExecution(state.running)} of this profile is not finished. Wait for its end or abort it.`,
      })
    }
    const { approvals } = state.definition
    const field = approvals && unmeetable(approvals, by, editorsBeside(state, by).editors)
    if (field)
      return reject({ code: 'approvers-missing', detail: `Its approvals would need ${field.expected}.` })
    return accept({
      type: 'ExecutionStarted',
      data: {
        ...{ upgrade, reason: 'emergency', scheduledAt: null, justification },
        ...asRollout(state.definition),
        ...editorsBeside(state, by),
        by,
      },
    })
  }
}

/** Returns what marks that a rollout is started, where the profile says that it starts one. */
export function asRollout({ rollout }: Pick<ProfileDefinition, 'rollout'>): { readonly rollout?: true } {
  return rollout ? { rollout: true } : {}
}

/**
 * Starts the next upgrade of an execution whose resources run several components: one follows the other while the window is open, or at
 * once out of turn. Where something else runs by now, or the window has closed, nothing is started: the next opening takes it up.
 */
export function startNext(command: {
  readonly upgrade: string
  readonly after: Pick<Execution, 'reason' | 'scheduledAt' | 'end'>
  /** What the profiles that this one depends on were asked about. */
  readonly release?: { readonly component: string; readonly version: string } | undefined
  readonly by: string
}): ProfileDecision {
  return (state, now) => {
    const { upgrade, after, release, by } = command
    if (!exists(state) || state.status !== 'active' || state.running) return accept()
    if (state.summaries.some((one) => one.upgrade === upgrade)) return accept()
    if (after.end !== null && after.end <= now) return accept()
    const { reason, scheduledAt } = after
    return accept({
      type: 'ExecutionStarted',
      data: {
        ...{ upgrade, reason, scheduledAt, justification: null },
        ...(release && { release }),
        ...editorsBeside(state, by),
        by,
      },
    })
  }
}

/** So many codes of one execution are alerted about: targets choose them, and the state keeps them. */
const mostAlerts = 20

/**
 * Takes the profile out of service at a critical failure of what runs, without waiting for its end, which may take a person. An alert is
 * raised for each code, once in an execution: a person who has seen it and activates the profile is not overruled by the next one.
 */
export function heedFailures(command: {
  readonly upgrade: string
  readonly codes: readonly string[]
}): ProfileDecision {
  return (state) => {
    const { running } = state
    if (running?.upgrade !== command.upgrade) return accept()
    return accept(...heeded(state, running, command.codes))
  }
}

function heeded(
  { status, planned }: ProfileState,
  { upgrade, alerts }: Execution,
  codes: Iterable<string>,
): ProfileEvent[] {
  const critical = [...new Set(codes)].filter((code) => isCritical(code) && !alerts.includes(code))
  const fresh = critical.slice(0, Math.max(0, mostAlerts - alerts.length))
  if (fresh.length === 0) return []
  const events: ProfileEvent[] = []
  if (status === 'active') {
    const reason = `Critical failures in upgrade ${upgrade}: ${fresh.join(', ')}`.slice(0, 512)
    events.push({ type: 'ProfileDeactivated', data: { reason, by: systemActor } })
    events.push(...voidPlan(planned, 'deactivated', systemActor))
  }
  for (const code of fresh) events.push({ type: 'AlertRaised', data: { code, upgrade } })
  return events
}

/**
 * Copies what an upgrade of this profile came to, once, also after the profile's deletion. Critical failures that nobody has heeded yet
 * take the profile out of service.
 */
export function summariseUpgrade(summary: UpgradeSummary): ProfileDecision {
  return (state) => {
    const { running } = state
    if (running?.upgrade !== summary.upgrade) return accept()
    // What was planned ahead is asked for long before it starts, and may be rejected before.
    const startedAt = later(summary.startedAt, running.startedAt)
    const endedAt = later(summary.endedAt, startedAt)
    const events: ProfileEvent[] = [{ type: 'UpgradeSummarised', data: { ...summary, startedAt, endedAt } }]
    const codes = summary.failures.map(({ code }) => code)
    return accept(...events, ...heeded(state, running, codes))
  }
}

function later(left: string, right: string): string {
  return left > right ? left : right
}
