import { INVOKE, INVOKE_WITH_TOKEN } from './definition.ts'
import { type Fields, numberOrExpression, object, onlyFields, optionalString, type Refuse } from './fields.ts'

/** Refuses a Task that is no invocation of a function, or whose limits are wrong. */
export function checkTask(state: Fields, place: string, refuse: Refuse): void {
  if (state.Resource !== INVOKE && state.Resource !== INVOKE_WITH_TOKEN) {
    refuse(
      place,
      `field 'Resource' is ${JSON.stringify(state.Resource)}; only ${INVOKE} and ${INVOKE_WITH_TOKEN} are implemented`,
    )
  }
  const at = `${place}, field 'Arguments'`
  const call = object(state.Arguments, at, refuse)
  onlyFields(call, ['FunctionName', 'Payload'], at, refuse)
  if (typeof call.FunctionName !== 'string' || call.FunctionName === '') {
    refuse(at, "field 'FunctionName' must be a function's name or a JSONata expression")
  }
  numberOrExpression(state, 'TimeoutSeconds', 1, place, refuse)
  numberOrExpression(state, 'HeartbeatSeconds', 1, place, refuse)
  const { TimeoutSeconds, HeartbeatSeconds } = state
  if (
    typeof TimeoutSeconds === 'number' &&
    typeof HeartbeatSeconds === 'number' &&
    HeartbeatSeconds >= TimeoutSeconds
  ) {
    refuse(place, "field 'HeartbeatSeconds' must be smaller than field 'TimeoutSeconds'")
  }
}

/** Refuses a Wait that does not say either how long or until when. */
export function checkWait(state: Fields, place: string, refuse: Refuse): void {
  if ((state.Seconds === undefined) === (state.Timestamp === undefined)) {
    refuse(place, "needs either field 'Seconds' or field 'Timestamp'")
  }
  numberOrExpression(state, 'Seconds', 0, place, refuse)
  optionalString(state, 'Timestamp', place, refuse)
}
