import type { procedureContracts } from '../../../contracts/procedures.ts'
import { bytesOf } from '../../../events/bytes.ts'
import {
  largestProcedure,
  type ProcedureDocument,
  type ProcedureReference,
} from '../../../events/procedure.ts'
import { procedureAggregate, reviseProcedure } from '../../domain/procedure/aggregate.ts'
import { mistakesIn } from '../../domain/procedure/mistakes.ts'
import { longestCourse } from '../../domain/procedure/steps.ts'
import { documentOf } from '../../facts/procedures.ts'
import type { Log } from '../../log/log.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { pageOf } from '../http/page.ts'
import { invalidFields, Problem } from '../http/problem.ts'

type Contracts = typeof procedureContracts

/** Throws the problem that names everything that is wrong with a document. */
function refuseMistakes(document: ProcedureDocument): void {
  const bytes = bytesOf(document)
  const fields =
    bytes > largestProcedure
      ? [{ field: 'steps', value: `${bytes} bytes`, expected: `at most ${largestProcedure} bytes in all` }]
      : mistakesIn(document)
  if (fields.length > 0) throw invalidFields(fields)
}

function bodyOf({ name, revision, hash }: ProcedureReference, document: ProcedureDocument) {
  return {
    ...{ name, revision, hash },
    stateMachine: `procedure-${name}-r${revision}`,
    seconds: longestCourse(document),
    steps: document.steps.length,
  }
}

/** Stores a procedure, or its next revision. Nothing is stored of one that is refused. */
export const storeProcedure: Operate<Contracts['storeProcedure']> = async (input, { log }) => {
  const { params, body: document, principal } = input
  refuseMistakes(document)
  const { name } = params
  const revise = reviseProcedure({ name, document, by: principal.id })
  const outcome = await log.execute(procedureAggregate, name, revise, metadataOf(input))
  const { state, commit } = accepted(outcome)
  if (!state.latest) throw new Error(`${name} was stored, and has no revision.`)
  return { status: 200, body: bodyOf(state.latest, document), commit, etag: commit }
}

export const listProcedures: Operate<Contracts['listProcedures']> = async ({ query }, { views }) => {
  const { rows, nextCursor } = await pageOf(views.listProcedures(query))
  return { status: 200, body: { procedures: rows, count: rows.length, nextCursor } }
}

/** Returns a procedure by its name, at its last revision or another. Throws the problem that there is none. */
export async function revisionOf(log: Log, name: string, revision: number | null | undefined) {
  const { state, commit } = await log.load(procedureAggregate, name)
  const { latest, revisions } = state
  const number = revision ?? latest?.revision ?? 0
  const found = revisions[number - 1]
  if (!found) {
    const detail = latest
      ? `${name} has the revisions 1 to ${latest.revision}.`
      : 'GET /api/v1/procedures lists those that are stored.'
    throw new Problem('procedure-not-found', detail)
  }
  const reference = { name, revision: number, hash: found.hash }
  return { reference, document: await documentOf(log, reference), revisions, commit }
}

export const getProcedure: Operate<Contracts['getProcedure']> = async ({ params, query }, { log }) => {
  const { reference, document, revisions, commit } = await revisionOf(log, params.name, query.revision)
  const known = revisions.map((one, place) => ({ revision: place + 1, ...one }))
  return { status: 200, body: { ...bodyOf(reference, document), document, revisions: known }, etag: commit }
}
