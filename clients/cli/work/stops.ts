import type { AnswerOf } from '../../../contracts/bodies.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Session, Work } from '../session.ts'
import { toMinute } from '../terminal/text.ts'
import { sayList } from './listing.ts'

function sayStops(session: Session, answer: AnswerOf<'getStop'>) {
  const { console, json } = session
  if (json) {
    console.json(answer)
    return exitCodes.done
  }
  console.say(
    answer.stopped ? 'Everything is stopped.' : 'Nothing is stopped.',
    answer.stopped ? 'bad' : 'good',
  )
  if (answer.stops.length === 0) return exitCodes.done
  sayList(session, {
    name: 'stops',
    rows: answer.stops,
    columns: {
      stop: (row) => row.stopId,
      since: (row) => toMinute(row.since),
      by: (row) => row.by,
      reason: (row) => row.reason,
    },
  })
  console.say('Next: drydock lift STOP --reason WHY', 'quiet')
  return exitCodes.done
}

/** Stops everything. */
export const stop: Work = async (session, given) =>
  sayStops(
    session,
    await session.api.read('stopEverything', { body: { reason: given.text('reason') ?? '' } }),
  )

/** Shows what is stopped. */
export const stops: Work = async (session) => sayStops(session, await session.api.read('getStop'))

/** Lifts one stop. */
export const lift: Work = async (session, given) => {
  const asked = { params: { stopId: given.word(0) }, query: { reason: given.text('reason') } }
  return sayStops(session, await session.api.read('liftStop', asked))
}
