import { isDeepStrictEqual } from 'node:util'
import { persist } from './person.ts'
import { operationOf } from './promises.ts'
import type { Answered } from './witness.ts'

/** What an answer says of the thing itself; the other fields tell how it stands now, and that has gone on. */
const lasting = [
  'upgradeId',
  'rolloutId',
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

/** What is answered 410 once its profile was deleted, a repeat too. */
const toLiving: ReadonlySet<string> = new Set(['assignUpgradeProfile', 'updateUpgradeProfile'])

/** A stream knows its last 32 keys: of the many commands to one profile, or that name one target, only late ones are still known as repeats. */
const lastKeys = 12
const profiles = '/api/v1/upgrade-profiles/'

function lastingOf(answer: unknown): object {
  const fields = Object.entries((answer ?? {}) as object) // a JSON object, by the API's contract
  return Object.fromEntries(fields.filter(([name]) => lasting.includes(name)))
}

interface Named {
  readonly id?: string
  readonly resource_assignments?: readonly { readonly resource_id: string }[]
}

/** Whether the stream of the target that a registration names was given that many keys afterwards, by the profiles that it was assigned to. */
function isForgotten(registration: Answered, later: readonly Answered[]): boolean {
  if (operationOf(registration).operation !== 'registerTargets') return false
  const { id } = registration.body as Named // by the API's contract
  const assigned = later.filter((one) => {
    if (operationOf(one).operation !== 'assignUpgradeProfile') return false
    const { resource_assignments: members = [] } = one.body as Named // by the API's contract
    return members.some(({ resource_id: member }) => member === id)
  })
  return assigned.length > lastKeys
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
  const gone = acknowledged.filter((one) => operationOf(one).operation === 'deleteUpgradeProfile')
  const deleted = new Set(gone.map((one) => operationOf(one).id))
  const withKey = acknowledged.filter((one) => {
    const { operation, id } = operationOf(one)
    return one.key !== null && !(toLiving.has(operation) && deleted.has(id))
  })
  const known = withKey.filter((one, place) => !isForgotten(one, withKey.slice(place + 1)))
  const remembered = [...Map.groupBy(known, ({ method, path }) => `${method} ${path}`).entries()]
    .flatMap(([asked, those]) => (asked.includes(profiles) ? those.slice(-lastKeys) : those))
    .toSorted((a, b) => withKey.indexOf(a) - withKey.indexOf(b))
  const again = [...remembered, ...lastReports.values()]
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
