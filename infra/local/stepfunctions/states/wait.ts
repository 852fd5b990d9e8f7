import type { WaitState } from '../definition.ts'
import { EvaluationFailed } from '../errors.ts'
import { evaluateTyped } from '../expression.ts'
import { seconds } from '../seconds.ts'
import type { StateKind } from '../visit.ts'

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/

export const wait: StateKind<WaitState> = {
  async enter(visit) {
    const { Seconds, Timestamp } = visit.state
    if (Seconds !== undefined) {
      return { do: 'wait', until: visit.now + (await seconds(Seconds, 'Seconds', 0, visit.scope())) * 1000 }
    }
    const timestamp = await evaluateTyped(Timestamp, 'Timestamp', 'string', visit.scope())
    if (!RFC3339.test(timestamp)) {
      throw new EvaluationFailed(
        'Timestamp',
        `The Timestamp field cannot be parsed as a timestamp: ${timestamp}`,
      )
    }
    return { do: 'wait', until: Date.parse(timestamp) }
  },

  leave: (visit) => visit.exit(visit.state, visit.input, visit.state.Next),
}
