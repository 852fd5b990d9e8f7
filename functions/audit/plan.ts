import { hashOf } from '../../events/canonical.ts'
import { membersPerChunk, type PlanEvent } from '../../events/plan.ts'
import type { UpgradeEvent, UpgradeRequest, WaveCuts } from '../../events/upgrade.ts'
import type { History } from './history.ts'

export type Planned = Extract<UpgradeEvent, { type: 'UpgradePlanned' }>['data']

/** A member as the plan holds it. */
export interface PlannedMember {
  readonly target: string
  readonly from: string
  readonly to: string
}

/** Returns the planned member at an index; undefined when the plan's chunks do not hold it. */
export function plannedMember(
  { plans }: History,
  { planHash }: Planned,
  member: number,
): PlannedMember | undefined {
  const chunk = plans.get(`${planHash}#${Math.floor(member / membersPerChunk)}`)
  const [target, from, to] = chunk?.members[member % membersPerChunk] ?? []
  const [fromVersion, toVersion] = [chunk?.versions[from ?? -1], chunk?.versions[to ?? -1]]
  if (target === undefined || fromVersion === undefined || toVersion === undefined) return undefined
  return { target, from: fromVersion, to: toVersion }
}

/** Returns what is wrong with a plan; undefined when its chunks are all there and its hash is the one over them (design: #plans). */
export function planFault({ plans }: History, plan: Planned, request: UpgradeRequest): string | undefined {
  const chunks: PlanEvent['data'][] = []
  const count = Math.ceil(plan.members / membersPerChunk)
  for (let k = 0; k < count; k++) {
    const chunk = plans.get(`${plan.planHash}#${k}`)
    if (!chunk) return `Chunk ${k} of the plan ${plan.planHash} is not in the log.`
    chunks.push(chunk)
  }
  const members = chunks.reduce((sum, chunk) => sum + chunk.members.length, 0)
  if (members !== plan.members) return `The plan has ${members} members, not ${plan.members}.`
  const { version, digest, policyVersion, waves, entries, rolling, spacingSeconds, rules } = plan
  const root = {
    request: hashOf(request),
    chunks: chunks.map(hashOf),
    ...{ version, digest, policyVersion, waves },
    ...(rules !== undefined && { rules }),
    ...(entries && { entries }),
    ...(rolling && { rolling }),
    ...(spacingSeconds !== undefined && { spacingSeconds }),
  }
  const expected = hashOf(root)
  return expected === plan.planHash
    ? undefined
    : `The hash over the plan is ${expected}, not ${plan.planHash}.`
}

/** Returns where a wave begins and ends in the plan's order, half open. */
export function rangeOf({ waves, members }: Planned, wave: number): readonly [number, number] {
  if (waves.kind === 'batches') return [wave * waves.size, Math.min(members, (wave + 1) * waves.size)]
  return [wave === 0 ? 0 : (waves.cuts[wave - 1] ?? members), waves.cuts[wave] ?? members]
}

/** Returns how many waves there are. */
export function wavesIn({ waves, members }: Planned): number {
  return waves.kind === 'cuts' ? waves.cuts.length : Math.ceil(members / waves.size)
}

/** Returns the wave of a member. */
export function waveOf(waves: WaveCuts, member: number): number {
  if (waves.kind === 'batches') return Math.floor(member / waves.size)
  let [low, high] = [0, waves.cuts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (member < (waves.cuts[middle] ?? 0)) high = middle
    else low = middle + 1
  }
  return low
}
