import type { StepEventType, TargetEvent } from '../../../events/target.ts'
import { between } from '../../../events/time.ts'
import { begunAt, endedAt } from '../generation.ts'
import type { ActiveAttempt, ProcedureProgress } from './state.ts'

/** What tells of the procedure of an attempt. */
export type ProcedureEventOfTarget = Extract<
  TargetEvent,
  { type: 'ExecutionStarting' | 'ExecutionEnded' | StepEventType }
>

function advanced(
  procedure: ProcedureProgress,
  event: ProcedureEventOfTarget,
  at: string,
): ProcedureProgress {
  const progressed = { ...procedure, execution: { ...procedure.execution, progressed: true } }
  const { running } = procedure
  switch (event.type) {
    case 'ExecutionStarting': {
      const { generation, notBefore } = event.data
      return { ...procedure, generation, notBefore, execution: begunAt(procedure.execution, at) }
    }
    case 'ExecutionEnded':
      return { ...procedure, execution: endedAt(procedure.execution, at) }
    case 'StepStarted': {
      const { step, name, try: tries, deadline } = event.data
      const begun = { step, name, tries, deadline, startedAt: running?.startedAt ?? at, triedAt: at }
      return { ...progressed, running: { ...begun, next: null, held: null, released: false } }
    }
    case 'StepTried':
      return { ...progressed, running: running && { ...running, next: event.data.next } }
    case 'StepHeld': {
      const { why, ask } = event.data
      return { ...progressed, running: running && { ...running, held: { why, ask, since: at } } }
    }
    case 'StepReleased':
      return { ...progressed, running: running && { ...running, held: null, released: true } }
    case 'StepEnded': {
      const { step, direction, outcome, saved } = event.data
      const passed = { ...progressed, passed: procedure.passed + 1, running: null }
      if (direction === 'back') return passed
      const took = running && { ...procedure.took, [step]: between(running.startedAt, at) }
      return {
        ...passed,
        ...(took && { took }),
        outcomes: { ...procedure.outcomes, [step]: outcome },
        saved: Object.keys(saved).length === 0 ? procedure.saved : { ...procedure.saved, [step]: saved },
      }
    }
    case 'WayBackBegan': {
      const { steps, code, output, saved } = event.data
      const failure = code === null ? null : { code, output: output?.slice(0, 512) ?? null }
      // A failure with nothing to undo, or of the way back itself, stops the attempt where it is.
      if (steps.length === 0 && failure) return { ...progressed, failure, stopped: true }
      const back = { direction: 'back', passed: 0, back: steps, running: null } as const
      return { ...progressed, ...back, failure, saved: saved ?? procedure.saved }
    }
  }
}

/** Returns an attempt after an event of its procedure; that of another attempt changes nothing. */
export function withProgress(
  active: ActiveAttempt | null,
  event: ProcedureEventOfTarget,
  at: string,
): ActiveAttempt | null {
  if (active?.attempt !== event.data.attempt || !active.procedure) return active
  return { ...active, sequence: event.data.sequence, procedure: advanced(active.procedure, event, at) }
}
