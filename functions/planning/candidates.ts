import type { UpgradeRequest } from '../../events/upgrade.ts'
import type { Candidate } from '../domain/plan/plan.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { isPinned, type TargetState } from '../domain/target/state.ts'
import type { Log } from '../log/log.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'
import { candidatesOfProfile } from './profile-members.ts'

/** So many targets named one by one are read from their streams; more, or a selection by filters, come from the view. */
const readStrongly = 100

/** Returns a target as the planner sees it, from the fold of its stream. */
export function candidateFrom(target: string, state: TargetState, component: string): Candidate {
  const { facts, components, active, retired } = state
  return {
    target,
    type: facts?.type ?? '',
    region: facts?.region ?? null,
    tags: facts?.tags ?? {},
    critical: facts?.critical ?? false,
    from: components[component] ?? null,
    active: active?.upgrade ?? null,
    pinned: isPinned(state, component),
    retired: retired !== null,
    gateway: facts?.gateway ?? null,
  }
}

/** Does the request's selection mean this target? Everything that it names must match; of a list, any one. */
function selects(selection: UpgradeRequest['selection'], candidate: Candidate): boolean {
  const { targets, types, regions, tags } = selection
  if (targets && !targets.includes(candidate.target)) return false
  if (types && !types.includes(candidate.type)) return false
  if (regions && !(candidate.region !== null && regions.includes(candidate.region))) return false
  return Object.entries(tags ?? {}).every(([name, value]) => candidate.tags[name] === value)
}

function fromLog(log: Log, targets: readonly string[], component: string): Promise<Candidate[]> {
  return sideBySide(targets, 16, async (target) =>
    candidateFrom(target, (await log.load(targetAggregate, target)).state, component),
  )
}

/**
 * Yields the targets that a request selects. Those that are named and do not exist are yielded as running nothing: the plan says
 * that they are left out. A view may lag, which costs nothing: assigning asks each target's stream again.
 */
export async function* candidatesOf(
  { log, views }: { readonly log: Log; readonly views: Views },
  { component, selection }: UpgradeRequest,
): AsyncGenerator<Candidate> {
  if (selection.profile !== undefined) {
    yield* candidatesOfProfile({ log, views }, selection.profile, component)
    return
  }
  const named = selection.targets && [...new Set(selection.targets)]
  if (named && named.length <= readStrongly) {
    yield* (await fromLog(log, named, component)).filter((candidate) => selects(selection, candidate))
    return
  }
  const missing = new Set(named)
  for await (const { target, ...row } of views.allTargets(component)) {
    const candidate: Candidate = { target, ...row, active: null }
    missing.delete(target)
    if (selects(selection, candidate)) yield candidate
  }
  // Registered a moment ago: the view does not know it yet, the log does. Or it runs other components, or nothing of it exists.
  yield* (await fromLog(log, [...missing], component)).filter((candidate) => selects(selection, candidate))
}
