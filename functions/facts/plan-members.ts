import { membersPerChunk } from '../../events/plan.ts'
import { boundedMapsBy } from '../bounded-map.ts'
import { memberOf, type PlanMember, planAggregate } from '../domain/plan/aggregate.ts'
import { chunkOf } from '../domain/upgrade/chunks.ts'
import { NotInTheLog } from '../errors.ts'
import type { Log } from '../log/log.ts'

type Chunk = Parameters<typeof memberOf>[0]

/** What tells where the members of a plan are. */
interface PlanSize {
  readonly planHash: string
  readonly members: number
}

/** Chunks never change once stored, so a warm function may keep the last few it has read. */
const keptBy = boundedMapsBy<Log, Chunk>(64)

/** Returns the members of a plan by their index, read from the log. Throws when the plan has no such chunk. */
export async function planMembers(
  log: Log,
  planHash: string,
  indexes: Iterable<number>,
): Promise<ReadonlyMap<number, PlanMember>> {
  const found = new Map<number, PlanMember>()
  for (const index of indexes) {
    const chunk = await planChunk(log, planHash, chunkOf(index))
    found.set(index, memberOf(chunk, index % membersPerChunk))
  }
  return found
}

/** Returns one chunk of a plan. */
async function planChunk(log: Log, planHash: string, chunk: number): Promise<Chunk> {
  const id = `${planHash}#${chunk}`
  const kept = keptBy(log)
  const known = kept.get(id)
  if (known) return known
  const { state, commit } = await log.load(planAggregate, id)
  if (commit === 0) throw new NotInTheLog(`Chunk ${chunk} of the plan ${planHash}`)
  kept.set(id, state)
  return state
}

/** Returns a target's place in a plan; the plan's chunks are looked through, as nothing else knows its order. */
export async function memberNamed(log: Log, plan: PlanSize, target: string): Promise<number | undefined> {
  for (let chunk = 0; chunk < chunksIn(plan); chunk++) {
    const place = (await targetsIn(log, plan, chunk)).indexOf(target)
    if (place >= 0) return chunk * membersPerChunk + place
  }
  return undefined
}

/** Returns how many chunks a plan has. */
export function chunksIn({ members }: Pick<PlanSize, 'members'>): number {
  return Math.ceil(members / membersPerChunk)
}

/** Returns the targets of one chunk of a plan, in its order. */
export async function targetsIn(
  log: Log,
  { planHash }: Pick<PlanSize, 'planHash'>,
  chunk: number,
): Promise<readonly string[]> {
  const { chunk: stored } = await planChunk(log, planHash, chunk)
  return stored?.members.map(([target]) => target) ?? []
}
