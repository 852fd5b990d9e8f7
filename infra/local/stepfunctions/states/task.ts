import { randomBytes } from 'node:crypto'
import { INVOKE_WITH_TOKEN, type TaskState } from '../definition.ts'
import { EvaluationFailed } from '../errors.ts'
import { evaluate, evaluateTyped } from '../expression.ts'
import { payloadText } from '../limits.ts'
import { seconds } from '../seconds.ts'
import type { StateKind } from '../visit.ts'

const PREFIX = 'arn:aws:states:::lambda:'

export const task: StateKind<TaskState> = {
  async enter(visit) {
    const { Resource, Arguments, TimeoutSeconds, HeartbeatSeconds } = visit.state
    const token = Resource === INVOKE_WITH_TOKEN ? newToken() : undefined
    const scope = visit.scope({}, token === undefined ? {} : { Task: { Token: token } })
    const call = {
      FunctionName: await evaluateTyped(Arguments.FunctionName, 'Arguments/FunctionName', 'string', scope),
      Payload: await evaluate(
        Arguments.Payload === undefined ? {} : Arguments.Payload,
        'Arguments/Payload',
        scope,
      ),
    }
    payloadText(call, visit.branch.state)
    const timeout =
      TimeoutSeconds === undefined ? undefined : await seconds(TimeoutSeconds, 'TimeoutSeconds', 1, scope)
    const heartbeat =
      HeartbeatSeconds === undefined
        ? undefined
        : await seconds(HeartbeatSeconds, 'HeartbeatSeconds', 1, scope)
    if (heartbeat !== undefined && timeout !== undefined && heartbeat >= timeout) {
      throw new EvaluationFailed(
        'HeartbeatSeconds',
        `HeartbeatSeconds (${heartbeat}) must be smaller than TimeoutSeconds (${timeout})`,
      )
    }
    return {
      do: 'call',
      resource: resourceName(visit.state),
      ...(timeout !== undefined && { timeout }),
      call: {
        arguments: call,
        dispatched: false,
        ...(token !== undefined && { token }),
        ...(timeout !== undefined && { deadline: visit.now + timeout * 1000 }),
        ...(heartbeat !== undefined && { heartbeat, heartbeatDue: visit.now + heartbeat * 1000 }),
      },
    }
  },

  leave: (visit, result) => visit.exit(visit.state, result, visit.state.Next, { result }),
}

/** The name of a task's resource in its events: `invoke` or `invoke.waitForTaskToken`. */
export function resourceName(state: TaskState): string {
  return state.Resource.slice(PREFIX.length)
}

const TOKEN = /^AQC[A-Za-z0-9+/]{64}$/

/** A task token nobody can guess, opaque like AWS's. */
function newToken(): string {
  return `AQC${randomBytes(48).toString('base64')}`
}

/** Whether a text could be a token of ours at all. */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}
