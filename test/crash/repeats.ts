import { isDeepStrictEqual } from 'node:util'
import { persist } from './person.ts'
import { operationOf } from './promises.ts'
import type { Answered } from './witness.ts'

/** What an answer says of the thing itself; the other fields tell how it stands now, and that has gone on. */
const lasting = [
  'upgradeId',
  'jobId',
  'parentId',
  'strategy',
  'id',
  'component',
  'version',
  'target',
  'attempt',
  'outcome',
]

function lastingOf(answer: unknown): object {
  const fields = Object.entries((answer ?? {}) as object) // a JSON object, by the API's contract
  return Object.fromEntries(fields.filter(([name]) => lasting.includes(name)))
}

/** A repeat that was answered differently. */
export interface Differing {
  readonly before: Answered
  readonly words: string
}

/**
 * Sends every acknowledged write again as it was: those of people with their keys, of each agent its last report. Returns those whose
 * answer is another one now, and how many were sent.
 */
export async function repeat(
  url: string,
  journal: readonly Answered[],
): Promise<{ readonly differing: readonly Differing[]; readonly repeated: number }> {
  const acknowledged = journal.filter(({ status }) => status < 300)
  const lastReports = new Map<string, Answered>()
  for (const answered of acknowledged) {
    const { target } = answered.answer as { readonly target?: string } // agents are answered with their target
    if (answered.path === '/api/v1/updates/status' && target) lastReports.set(target, answered)
  }
  const again = [...acknowledged.filter(({ key }) => key !== null), ...lastReports.values()]
  const differing: Differing[] = []
  for (const before of again) {
    const { status, body } = await persist<unknown>(`${url}${before.path}`, {
      method: before.method,
      headers: {
        authorization: before.authorization,
        ...(before.key === null ? {} : { 'idempotency-key': before.key }),
        ...(before.body === null ? {} : { 'content-type': 'application/json' }),
      },
      ...(before.body === null ? {} : { body: JSON.stringify(before.body) }),
    })
    if (status === before.status && isDeepStrictEqual(lastingOf(body), lastingOf(before.answer))) continue
    const { operation, id } = operationOf(before)
    const answers = `${before.status} ${JSON.stringify(before.answer)}, then ${status} ${JSON.stringify(body)}`
    differing.push({ before, words: `a repeat was answered differently: ${operation} ${id}: ${answers}` })
  }
  return { differing, repeated: again.length }
}
