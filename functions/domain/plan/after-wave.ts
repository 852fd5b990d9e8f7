import type { Following, UpgradeRequest } from '../../../events/upgrade.ts'
import type { PlannedWaves } from './waves.ts'

/** What of a request and its plan says what follows a wave. */
interface Planned {
  readonly request: Pick<UpgradeRequest, keyof Following | 'percentages' | 'groups'>
  readonly plan: Pick<PlannedWaves, 'entries'>
}

/**
 * Returns what follows when a wave is over: what its own percentage says, where the request has such, else what the request says of each. A percentage
 * that adds nobody is followed by nothing: no other wave has what stands there (design: #percentages).
 */
export function afterWave({ request, plan }: Planned, wave: number): Following {
  return request.percentages?.[plan.entries?.[wave] ?? -1] ?? request
}

/** The group of a wave: a region or the value of a tag; null: of all whom no group means. */
export interface Group {
  readonly value: string | null
}

/** Returns the group whose members a wave has; undefined: the upgrade has none. */
export function groupOf(
  { request, plan }: { readonly request: Pick<UpgradeRequest, 'groups'>; readonly plan: Planned['plan'] },
  wave: number,
): Group | undefined {
  const entry = plan.entries?.[wave]
  if (!request.groups || entry === undefined) return undefined
  return { value: request.groups.order[entry] ?? null }
}
