import { exitCodes } from '../exit-codes.ts'
import { misused } from '../failure.ts'
import type { Given } from '../given.ts'
import type { Session, Work } from '../session.ts'
import { documentOf } from './files.ts'
import { sayList, sayOne } from './listing.ts'
import { pages } from './pages.ts'
import { optional } from './request.ts'

/** Lists procedures. */
export const list: Work = async (session, given) => {
  const rows = await pages(given.limit(), async (page) => {
    const { procedures, nextCursor } = await session.api.read('listProcedures', { query: page })
    return { rows: procedures, nextCursor }
  })
  return sayList(session, {
    name: 'procedures',
    rows,
    columns: {
      name: (row) => row.name,
      revision: (row) => row.revision,
      steps: (row) => row.steps,
      'stored by': (row) => row.by,
      description: (row) => row.description,
    },
  })
}

/** Shows a procedure: its last revision, or one that is named. */
export const show: Work = async (session, given) => {
  const asked = { params: { name: given.word(0) }, query: { revision: given.number('revision') } }
  const found = await session.api.read('getProcedure', asked)
  // The document is what somebody wants to see, edit and store again.
  session.console.json(session.json ? found : found.document)
  return exitCodes.done
}

/** Stores a procedure, or its next revision. */
export const store: Work = async (session, given) => {
  const asked = { params: { name: given.word(0) }, document: await documentOf(given.word(1), session) }
  const stored = await session.api.read('storeProcedure', asked)
  return sayOne(session, stored, `${stored.name}, revision ${stored.revision}`, {
    steps: stored.steps,
    hash: stored.hash,
    'takes at most': `${stored.seconds} s a target`,
    'state machine': stored.stateMachine,
  })
}

/** Shows every call that a procedure would make for one target, and makes none. */
export const tryOut: Work = async (session, given) => {
  const body = {
    targetId: given.text('target') ?? '',
    component: given.text('component') ?? '',
    version: given.text('version') ?? '',
    ...optional({ revision: given.number('revision') }),
  }
  const tried = await session.api.read('tryProcedure', { params: { name: given.word(0) }, body })
  return sayList(session, {
    name: 'steps',
    rows: tried.steps,
    columns: {
      step: (row) => row.name,
      way: (row) => row.direction,
      kind: (row) => row.kind,
      calls: ({ calls, release, command, note }) =>
        [
          ...calls.map(({ method, url }) => `${method} ${url}`),
          ...(release ? [`helm ${release.release} in ${release.namespace}`] : []),
          ...(command ? [`${command.document} on ${command.instance}`] : []),
          ...(note === null ? [] : [note]),
        ].join('; '),
    },
  })
}

/** Shows how far the procedure of an attempt is. */
export const steps: Work = async (session, given) => {
  const asked = { params: { id: given.word(0) }, query: { attempt: given.text('attempt') } }
  const read = await session.api.read('getSteps', asked)
  if (!session.json && read.procedure !== null)
    session.console.say(
      `${read.procedure}, revision ${read.revision}: attempt ${read.attempt}, ${read.outcome ?? 'under way'}`,
    )
  return sayList(session, {
    name: 'steps',
    rows: read.steps,
    columns: {
      step: (row) => row.step,
      name: (row) => row.name,
      way: (row) => row.direction,
      status: (row) => row.status,
      tries: (row) => row.tries,
      error: (row) => row.code,
      waits: (row) => row.ask,
    },
  })
}

/** Returns the attempt that is named, or else the one under way: it goes with the word, which counts for no other. */
async function attemptOf({ api }: Session, given: Given, id: string): Promise<string> {
  const named = given.text('attempt')
  if (named !== undefined) return named
  const { attempt } = await api.read('getSteps', { params: { id } })
  if (attempt === null)
    throw misused('No procedure has driven an attempt on it yet.', `Next: drydock why ${id}`)
  return attempt
}

function saySettled({ console, json }: Session, settled: { readonly message: string }) {
  if (json) console.json(settled)
  else console.say(settled.message, 'good')
  return exitCodes.done
}

/** Says that a step which waits for a person may go on. */
export const acknowledge: Work = async (session, given) => {
  const params = { id: given.word(0), step: given.word(1) }
  const attempt = await attemptOf(session, given, params.id)
  const body = { attempt, ...optional({ comment: given.text('comment') }) }
  return saySettled(session, await session.api.read('acknowledgeStep', { params, body }))
}

/** Says what became of a step of which nobody knows whether it was done. */
export const settle: Work = async (session, given) => {
  const params = { id: given.word(0), step: given.word(1) }
  const attempt = await attemptOf(session, given, params.id)
  const as = given.word(2) as 'done' | 'failed' | 'again' // the server names what it may be
  const body = { attempt, as, reason: given.text('reason') ?? '' }
  return saySettled(session, await session.api.read('settleStep', { params, body }))
}
