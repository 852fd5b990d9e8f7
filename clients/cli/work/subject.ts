import { isDeepStrictEqual } from 'node:util'
import type { AnswerOf } from '../../../contracts/bodies.ts'
import type { Api } from '../connection/api.ts'
import { Refusal } from '../connection/refusal.ts'

/** What people call a run: an upgrade, or a rollout of several. One command has one word for both. */
export type Subject =
  | { readonly kind: 'upgrade'; readonly id: string; readonly run: AnswerOf<'getUpgrade'> }
  | { readonly kind: 'rollout'; readonly id: string; readonly run: AnswerOf<'getRollout'> }

/** How a run is read: as it was at an instant, or not before a commit of its own. */
export interface Reading {
  readonly at?: string | undefined
  readonly seen?: string | null | undefined
}

/** Reads the run of an id: an upgrade, or else a rollout. Throws a Refusal where it is neither. */
export async function subjectOf(api: Api, id: string, { at, seen }: Reading = {}): Promise<Subject> {
  const asked = { params: { id }, query: { at }, seen }
  try {
    return { kind: 'upgrade', id, run: await api.read('getUpgrade', asked) }
  } catch (error) {
    if (!(error instanceof Refusal) || error.problem.code !== 'upgrade-not-found') throw error
    return rolloutOr(error, () => api.read('getRollout', asked))
  }

  async function rolloutOr(error: Refusal, read: () => Promise<AnswerOf<'getRollout'>>): Promise<Subject> {
    try {
      return { kind: 'rollout', id, run: await read() }
    } catch (other) {
      throw other instanceof Refusal && other.problem.code === 'rollout-not-found' ? error : other
    }
  }
}

/**
 * Reads the same run again. While neither its status nor what holds it nor what has failed changes the row of it is enough, which is cheaper for the server than
 * all that is in its stream: no row has what may be done about it. Of one that is over all is read, as it may have got a rollback.
 */
export async function again(api: Api, subject: Subject, seen?: string | null): Promise<Subject> {
  const { kind, id, run } = subject
  const asked = { params: { id }, seen }
  if (run.completedAt === null) {
    if (kind === 'upgrade') {
      const row = await api.read('getUpgradeStatus', asked)
      const isNews = row.failed !== run.failed || row.unreachable !== run.unreachable
      if (!isNews && standsAs(row, run)) return { kind, id, run: { ...run, ...row } }
    } else {
      const row = await api.read('getRolloutStatus', asked)
      if (standsAs(row, run)) return { kind, id, run: { ...run, ...row } }
    }
  }
  return kind === 'upgrade'
    ? { kind, id, run: await api.read('getUpgrade', asked) }
    : { kind, id, run: await api.read('getRollout', asked) }
}

/** Is one as the other was: by its status, and what holds it? */
function standsAs(one: Standing, other: Standing): boolean {
  return one.status === other.status && isDeepStrictEqual(one.holds, other.holds)
}

type Standing = Pick<Subject['run'], 'status' | 'holds'>
