import type { BodyOf } from '../../../contracts/bodies.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { Work } from '../session.ts'
import { toMinute } from '../terminal/text.ts'
import { objectOf } from './files.ts'
import { sayList, sayOne } from './listing.ts'

/** Lists destinations. */
export const list: Work = async (session) => {
  const { destinations } = await session.api.read('listDestinations')
  return sayList(session, {
    name: 'destinations',
    rows: destinations,
    columns: {
      name: (row) => row.name,
      kind: (row) => String(row.document.kind),
      revision: (row) => row.revision,
      by: (row) => row.definedBy,
      defined: (row) => toMinute(row.definedAt),
    },
  })
}

/** Shows a destination, as it is defined. */
export const show: Work = async ({ api, console }, given) => {
  console.json(await api.read('getDestination', { params: { name: given.word(0) } }))
  return exitCodes.done
}

/** Defines a destination as a file says. */
export const define: Work = async (session, given) => {
  // What a destination may be is the server's to say, with the field that is wrong.
  const body = (await objectOf(given.word(1), session)) as BodyOf<'defineDestination'>
  const defined = await session.api.read('defineDestination', { params: { name: given.word(0) }, body })
  for (const { field, detail } of defined.warnings) session.console.note(`${field}: ${detail}`)
  return sayOne(session, defined, `${defined.name}: defined, revision ${defined.revision}`, {})
}

/** Has nothing sent to a destination any more. */
export const remove: Work = async (session, given) => {
  const asked = { params: { name: given.word(0) }, query: { reason: given.text('reason') } }
  const removed = await session.api.read('removeDestination', asked)
  return sayOne(session, removed, `${removed.name}: removed`, {})
}

/** Sends a sample. The exit code tells whether it got there. */
export const test: Work = async (session, given): Promise<ExitCode> => {
  const sent = await session.api.read('testDestination', { params: { name: given.word(0) } })
  const became = sent.delivered ? 'the sample was delivered' : 'the sample was not delivered'
  sayOne(session, sent, `${given.word(0)}: ${became}`, { why: sent.why })
  return sent.delivered ? exitCodes.done : exitCodes.failed
}

/** Lists what was not delivered. */
export const undelivered: Work = async (session, given) => {
  const { messages } = await session.api.read('listUndelivered', {
    params: { name: given.word(0) },
    query: { limit: given.limit() },
  })
  return sayList(session, {
    name: 'messages',
    rows: messages,
    columns: {
      about: (row) => row.about,
      type: (row) => row.type ?? 'how it stands',
      tries: (row) => row.tries,
      'given up': (row) => toMinute(row.givenUpAt),
      why: (row) => row.why,
    },
  })
}

/** Sends again what was not delivered. */
export const retry: Work = async (session, given) => {
  const again = await session.api.read('retryUndelivered', { params: { name: given.word(0) } })
  const more = again.more ? '; there are more: the same again sends them' : ''
  return sayOne(session, again, `${given.word(0)}: ${again.retried} on their way again${more}`, {})
}
