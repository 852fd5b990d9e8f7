import { canonicalJson } from '../../../events/canonical.ts'
import type { HeldLicence, TargetFacts } from '../../../events/target.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { hasNoAgent, isPinned, type TargetState } from '../target/state.ts'

/** What decides about a member's place in the order. */
export interface Placed {
  readonly target: string
  readonly type: string
  readonly region: string | null
  readonly critical: boolean
}

/** A target that the request selects, as it is when planned. */
export interface Candidate extends Placed {
  readonly tags: Readonly<Record<string, string>>
  /** What the component runs; null when the target does not run it. */
  readonly from: string | null
  /** The upgrade whose attempt is under way on it. */
  readonly active: string | null
  readonly pinned: boolean
  readonly retired: boolean
  /** Where a rollback takes it back to; null or left out when no version is known. */
  readonly to?: string | null
  /** The target whose agent speaks for it too. */
  readonly gateway?: string | null
  /** What is where it runs, as canonical JSON; null or left out: nobody has said anything. */
  readonly environment?: string | null
  /** Its licence; null or left out: it has none. */
  readonly licence?: string | null
  /** No agent has ever enrolled for it, nor does another speak for it; left out: nobody asked, or it has one. */
  readonly withoutAgent?: true
  /** How many hours of the window it has; left out: all of them. */
  readonly hours?: number
  /** The value by which it is put into a group; null: it has none; left out: nobody asked. */
  readonly group?: string | null
  /** Checks before the upgrade found it not ready to be handed anything. */
  readonly notReady?: boolean
  /** Why it is passed over: by the profile that is upgraded by, by the request itself, or as there is nothing to take back. */
  readonly excluded?:
    | 'member_elsewhere'
    | 'critical'
    | 'canary_resource'
    | 'rollback_unwanted'
    /** It was named, and other parts of the selection do not mean it. */
    | 'not_selected'
    | 'moved_on'
    | 'already_at_version'
    /** What is known of it cannot be read. */
    | 'unreadable'
}

/** Returns a target of which nothing can be read, as a plan leaves it out. */
export function unreadable(target: string): Candidate {
  return {
    ...{ target, type: '', region: null, tags: {}, critical: false, from: null },
    ...{ active: null, pinned: false, retired: false, excluded: 'unreadable' },
  }
}

/** What is known of a target, by its stream or by a row about it, which knows of no attempt that is under way. */
export type KnownTarget = Pick<TargetState, 'components' | 'pin' | 'retired'> & {
  readonly facts: TargetFacts | null
  readonly active?: TargetState['active']
  readonly licence?: Pick<HeldLicence, 'id'> | null
  /** Of its stream, what its agent has; of its row, whether it has any. */
  readonly keyHash?: string | null
  readonly enrolled?: boolean
}

/** Returns a target as a plan for one component sees it. */
export function candidateOf(
  target: string,
  { facts, components, pin, retired, active, licence, keyHash, enrolled }: KnownTarget,
  component: string,
): Candidate {
  const withoutAgent = hasNoAgent({ facts, enrolled: keyHash === undefined ? enrolled : keyHash !== null })
  return {
    target,
    ...(withoutAgent && { withoutAgent }),
    type: facts?.type ?? '',
    region: facts?.region ?? null,
    tags: facts?.tags ?? {},
    critical: facts?.critical ?? false,
    from: components[component] ?? null,
    active: active?.upgrade ?? null,
    pinned: isPinned({ pin }, component),
    retired: retired !== null,
    gateway: facts?.gateway ?? null,
    environment: facts?.environment ? canonicalJson(facts.environment) : null,
    licence: licence?.id ?? null,
  }
}

/** Does a selection mean this target? Everything that it names must match; of a list, any one. */
export function selects(
  { targets, types, regions, tags }: UpgradeRequest['selection'],
  candidate: Pick<Candidate, 'target' | 'type' | 'region' | 'tags'>,
): boolean {
  if (targets && !targets.includes(candidate.target)) return false
  if (types && !types.includes(candidate.type)) return false
  if (regions && !(candidate.region !== null && regions.includes(candidate.region))) return false
  return Object.entries(tags ?? {}).every(([name, value]) => candidate.tags[name] === value)
}
