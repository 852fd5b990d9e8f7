import type { WaitState } from '../definition.ts'
import { EvaluationFailed } from '../errors.ts'
import { evaluateTyped } from '../expression.ts'
import { seconds } from '../seconds.ts'
import type { StateKind } from '../step.ts'

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/

export const wait: StateKind<WaitState> = {
  async enter(step) {
    const { Seconds, Timestamp } = step.state
    if (Seconds !== undefined) {
      return { do: 'wait', until: step.now + (await seconds(Seconds, 'Seconds', 0, step.scope())) * 1000 }
    }
    const timestamp = await evaluateTyped(Timestamp, 'Timestamp', 'string', step.scope())
    if (!RFC3339.test(timestamp)) {
      throw new EvaluationFailed(
        'Timestamp',
        `The Timestamp field cannot be parsed as a timestamp: ${timestamp}`,
      )
    }
    return { do: 'wait', until: Date.parse(timestamp) }
  },

  leave: (step) => step.exit(step.state, step.input, step.state.Next),
}
