import type { TargetEvent } from '../../../events/target.ts'
import type { ProcedureEventOfTarget } from '../../domain/target/progress.ts'
import type { Place, Projection, ProjectionContext } from '../projection.ts'
import { type AttemptRow, viewNames } from '../rows.ts'

/** Returns the row's name: the order of the plan, then of the tries. */
function attemptRow(member: number, n: number): string {
  return `${String(member).padStart(6, '0')}#${String(n).padStart(3, '0')}`
}

function placeOf({ upgrade, member, n, sequence }: AttemptEvent['data']): Place {
  const view = viewNames.attempts(upgrade).partOf(String(member))
  return { view, row: attemptRow(member, n), sequence }
}

type AttemptEvent = Extract<
  TargetEvent,
  {
    type:
      | 'AttemptAssigned'
      | 'AttemptAccepted'
      | 'AttemptEnded'
      | 'AttemptRegressed'
      | 'AttemptRecovered'
      | ProcedureEventOfTarget['type']
  }
>

/** Every attempt of an upgrade: what its log shows. Three writes at most, unless what had succeeded regresses. */
export const attempts: Projection<TargetEvent, AttemptRow> = {
  name: 'attempts',
  place(event) {
    switch (event.type) {
      case 'AttemptAssigned':
      case 'AttemptAccepted':
      case 'AttemptEnded':
      case 'AttemptRegressed':
      case 'AttemptRecovered':
      case 'ExecutionStarting':
      case 'ExecutionEnded':
      case 'StepStarted':
      case 'StepTried':
      case 'StepHeld':
      case 'StepReleased':
      case 'StepEnded':
      case 'WayBackBegan':
        return placeOf(event.data)
      default:
        return undefined
    }
  },
  apply(body, event, context) {
    switch (event.type) {
      case 'AttemptAssigned':
        return begun(event.data, 'assigned', context)
      case 'AttemptAccepted':
        return { ...known(body, event), status: 'accepted', acceptedAt: context.at }
      case 'AttemptEnded': {
        const { outcome, code, output } = event.data
        const { step: _, ...before } = body ?? begun(event.data, outcome, context)
        return { ...before, status: outcome, completedAt: context.at, code, output }
      }
      case 'AttemptRegressed': {
        const { outcome, code, output } = event.data
        return { ...known(body, event), status: outcome, code, output, regressedAt: context.at }
      }
      case 'AttemptRecovered': {
        const { regressedAt: _, ...before } = known(body, event)
        return { ...before, status: 'succeeded', code: null, output: event.data.output }
      }
      case 'StepStarted': {
        const { name, direction } = event.data
        return { ...known(body, event), step: { name, direction, held: false } }
      }
      case 'StepHeld':
      case 'StepReleased': {
        const before = known(body, event)
        return {
          ...before,
          ...(before.step && { step: { ...before.step, held: event.type === 'StepHeld' } }),
        }
      }
      case 'ExecutionStarting':
      case 'ExecutionEnded':
      case 'StepTried':
      case 'StepEnded':
      case 'WayBackBegan':
        return known(body, event)
      default:
        throw new Error(`${event.type} does not feed the attempts.`)
    }
  },
}

function known(body: AttemptRow | undefined, { type, data }: AttemptEvent): AttemptRow {
  if (!body) throw new Error(`The attempt ${data.attempt} has ${type} before it was assigned.`)
  return body
}

function begun(
  data: Extract<TargetEvent, { type: 'AttemptAssigned' | 'AttemptEnded' }>['data'],
  status: AttemptRow['status'],
  { id, at }: ProjectionContext,
): AttemptRow {
  const { attempt, member, n, kind, component, from, to } = data
  return {
    id: attempt,
    target: id,
    member,
    n,
    kind,
    component,
    from,
    to,
    status,
    startedAt: at,
    acceptedAt: null,
    completedAt: null,
    code: null,
    output: null,
  }
}
