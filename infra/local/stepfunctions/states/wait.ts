import type { WaitState } from '../definition.ts'
import { EvaluationFailed } from '../errors.ts'
import { evaluateTyped } from '../expression.ts'
import { seconds } from '../seconds.ts'
import type { StateKind } from '../visit.ts'

const timestampForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

export const wait: StateKind<WaitState> = {
  async enter(visit) {
    const { Seconds, Timestamp } = visit.state
    if (Seconds !== undefined) {
      return { do: 'wait', until: visit.now + (await seconds(Seconds, 'Seconds', 0, visit.scope())) * 1000 }
    }
    const timestamp = await evaluateTyped(Timestamp, 'Timestamp', 'string', visit.scope())
    const until = instantOf(timestamp)
    if (until === undefined) {
      throw new EvaluationFailed(
        'Timestamp',
        `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${timestamp}`,
      )
    }
    return { do: 'wait', until }
  },

  leave: (visit) => visit.exit(visit.state, visit.input, visit.state.Next),
}

/** The instant of a date and time with an offset, in milliseconds since the epoch; undefined for a text that names none. */
function instantOf(text: string): number | undefined {
  if (!timestampForm.test(text)) return undefined
  const instant = Date.parse(text)
  // JavaScript takes the 30th of February for the 2nd of March.
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`)
  const exists = !Number.isNaN(day) && new Date(day).toISOString().startsWith(text.slice(0, 10))
  return exists && !Number.isNaN(instant) && text.slice(11, 13) !== '24' ? instant : undefined
}
