import type { ProcedureDocument, ProcedureStep, StepAction, StepKind } from '../../../events/procedure.ts'
import type { Direction } from '../../../events/target.ts'

/** A step of one direction: there, or undoing one on the way back, or showing after it that the target is well. */
export interface NamedAction extends StepAction {
  readonly id: string
  readonly direction: Direction
}

/** Returns which of its kinds an action is. Throws a RangeError for one of none, which is refused when it is stored. */
export function kindOf(action: StepAction): StepKind {
  const [kind] = kindsOf(action)
  if (!kind) throw new RangeError(`The step "${action.name}" does nothing.`)
  return kind
}

/** Returns every kind that is given for an action: a document that is right has one. */
export function kindsOf(action: StepAction): readonly StepKind[] {
  const { http, poll, wait, health, acknowledge, helm, ssm, webhook, agent } = action
  return Object.entries({ http, poll, wait, health, acknowledge, helm, ssm, webhook, agent }).flatMap(
    ([kind, given]) => (given === undefined ? [] : [kind as StepKind]), // the keys are the kinds
  )
}

/** May what an action does be noticed by the target, so that twice is not once? */
export function acts({ http, helm, ssm, webhook, agent }: StepAction): boolean {
  if (helm || ssm || webhook || agent) return true
  return http !== undefined && http.request.method !== 'GET' && http.request.method !== 'HEAD'
}

/**
 * May what an action does be done again where nobody knows whether it was done? A release that is as it was before is not taken back once more, and
 * whoever gets a message again knows it by its id.
 */
export function mayRepeat(action: StepAction): boolean {
  return action.repeatable || !acts(action) || action.helm?.rollback === true || action.webhook !== undefined
}

/** A command that was sent is listed so long after its call at the latest, in seconds: SSM says only that it becomes consistent. */
const listedWithin = 120

/**
 * Returns how long one call of an action may take at most, in seconds: of helm with all that it looks at, settles and takes back; of a command
 * until it must be listed, if it was sent.
 */
export function longestCall({ http, helm, ssm, webhook }: StepAction): number {
  if (ssm) return listedWithin
  return helm ? 3 * helm.seconds + 120 : (http?.request.seconds ?? webhook?.seconds ?? 0)
}

/** Returns how a step is undone; undefined: it is not. One of helm says how by itself. */
export function inverseOf(step: ProcedureStep): StepAction | undefined {
  const { inverse, helm, name } = step
  if (inverse !== undefined || !helm) return inverse === 'none' ? undefined : inverse
  const { chart: _, ...release } = helm
  return {
    ...step,
    ...{ name: `${name}: roll back`, when: null, save: {}, check: null },
    helm: { ...release, values: {}, rollback: true },
  }
}

/** Yields every action of a document by its direction, in the order of its way. */
export function* actionsOf({ steps, verifyWayBack }: ProcedureDocument): Generator<NamedAction> {
  for (const step of steps) yield { ...step, direction: 'there' }
  for (const step of steps.toReversed()) {
    const inverse = inverseOf(step)
    if (inverse) yield { ...inverse, id: step.id, direction: 'back' }
  }
  for (const step of verifyWayBack) yield { ...step, direction: 'back' }
}

/** Returns the action of a step by its id; undefined when the document has none. */
export function actionIn(
  document: ProcedureDocument,
  direction: Direction,
  id: string,
): NamedAction | undefined {
  return actionsOf(document).find((action) => action.direction === direction && action.id === id)
}

/** Returns how long a procedure may take at most, in seconds: all steps there, and all of the way back. */
export function longestCourse(document: ProcedureDocument): number {
  return actionsOf(document).reduce((sum, action) => sum + limitOf(action), 0)
}

/** Returns how long a step may take, in seconds: a wait takes as long as it waits. */
export function limitOf({ wait, timeoutSeconds }: StepAction): number {
  return wait ? wait.seconds + 60 : timeoutSeconds
}
