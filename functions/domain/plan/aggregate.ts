import { canonicalJson } from '../../../events/canonical.ts'
import { membersPerChunk, type PlanEvent, planEvents } from '../../../events/plan.ts'
import { type Aggregate, accept, type Decision, reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'

/** The members of one chunk as they are stored: [target, from, to], the versions by their place in `versions`. */
export type PlanChunk = PlanEvent['data']

/** One chunk of a plan, or null before it is stored. Chunks never change. */
export interface PlanChunkState {
  readonly chunk: PlanChunk | null
}

/** A member of a plan: which target goes from which version to which. */
export interface PlanMember {
  readonly target: string
  readonly from: string
  readonly to: string
  /** Of the release that it goes to, where that is another for each member; null: it is not registered. */
  readonly digest?: string | null
}

/** A decision about a chunk. */
export type PlanDecision = (state: PlanChunkState, now: string) => Decision<PlanEvent, Rejection>

/** What was approved and will run: one stream a chunk, of one commit, named by the plan's hash. */
export const planAggregate: Aggregate<PlanChunkState, PlanEvent> = {
  name: 'plan',
  stateSchema: 1,
  initial: { chunk: null },
  evolve: (_state, event) => ({ chunk: event.data }),
  decode: (type, schema, data) => planEvents.decode(type, schema, data),
  encode: planEvents.encode,
  snapshots: false,
  listed: false,
}

/** Returns the id of a chunk's stream. */
export function chunkId(planHash: string, chunk: number): string {
  return `${planHash}#${chunk}`
}

/** Stores a chunk. An equal one is there already: nothing to do. Another one under the same hash is refused: it cannot be. */
export function storeChunk(chunk: PlanChunk): PlanDecision {
  return (state) => {
    if (!state.chunk) return accept({ type: 'PlanChunkStored', data: chunk })
    if (canonicalJson(state.chunk) === canonicalJson(chunk)) return accept()
    return reject({
      code: 'plan-mismatch',
      detail: 'A plan of this hash is stored with other members. Run the audit on this stream.',
    })
  }
}

/**
 * Returns the member at an index, which may count from the chunk's or from the plan's beginning. Throws when the chunk does not
 * hold it: an index comes from the same plan, so another would be a bug.
 */
export function memberOf({ chunk }: PlanChunkState, index: number): PlanMember {
  const [target, from, to] = chunk?.members[index % membersPerChunk] ?? []
  const [fromVersion, toVersion] = [chunk?.versions[from ?? -1], chunk?.versions[to ?? -1]]
  if (target === undefined || fromVersion === undefined || toVersion === undefined) {
    throw new RangeError(`The plan has no member ${index} in this chunk.`)
  }
  const digest = chunk?.digests?.[to ?? -1]
  return { target, from: fromVersion, to: toVersion, ...(digest !== undefined && { digest }) }
}
