import { membersPerChunk } from '../../events/plan.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { attentionTo } from '../domain/upgrade/chunks.ts'
import { isHeld, standsAt } from '../domain/upgrade/held.ts'
import { exists, hasEnded, isPlanned, type PlannedUpgrade } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'
import { chunksIn, targetsIn } from './plan-members.ts'

/** So many live upgrades are looked through, and so many chunks of their plans: a person waits for the answer. */
const upgradesAtMost = 50
const chunksAtMost = 400

/** A live upgrade, and which members of its plan it still holds of those that were looked for. */
export interface Holder {
  readonly upgrade: string
  readonly state: PlannedUpgrade
  /** The commit at which it was read. */
  readonly commit: number
  readonly members: readonly number[]
}

/** What a look through live upgrades found. */
export interface LookedThrough {
  readonly holders: readonly Holder[]
  /** How many upgrades were looked through. */
  readonly upgrades: number
  /** Were these all, each to the end of its plan? */
  readonly all: boolean
}

/**
 * Looks for targets in the plans of live upgrades, which the view names a moment late; each is read strongly, or as it was `at` an ISO
 * instant. At most 50 upgrades and 400 chunks of plans are looked through: who is found holds targets, who is not may.
 */
export async function holdersOf(
  { log, views }: { readonly log: Log; readonly views: Views },
  targets: ReadonlySet<string>,
  { at, except }: { readonly at?: string | undefined; readonly except?: string } = {},
): Promise<LookedThrough> {
  const live: string[] = []
  for await (const { upgrade } of views.liveUpgrades()) {
    if (upgrade !== except) live.push(upgrade)
    if (live.length > upgradesAtMost) break
  }
  const looked = live.slice(0, upgradesAtMost)
  let all = live.length <= upgradesAtMost
  let chunksLeft = chunksAtMost
  const found = await sideBySide(looked, atOnce.upgrades, async (upgrade): Promise<Holder[]> => {
    const { state, commit } = await log.load(upgradeAggregate, upgrade, at === undefined ? {} : { at })
    if (!exists(state) || hasEnded(state)) return []
    if (!isPlanned(state)) {
      all = false
      return []
    }
    if (isAboutOthers(state, targets)) return []
    const { plan, chunks } = state
    const members: number[] = []
    for (let chunk = 0; chunk < chunksIn(plan); chunk++) {
      // Nobody in it waits any more.
      if ((chunk + 1) * membersPerChunk <= chunks.cursor && !attentionTo(chunks, chunk)) continue
      if (chunksLeft-- <= 0) {
        all = false
        break
      }
      const planned = await targetsIn(log, plan, chunk)
      for (const [place, target] of planned.entries()) {
        const member = chunk * membersPerChunk + place
        if (targets.has(target) && isHeld(standsAt(chunks, member))) members.push(member)
      }
    }
    return members.length > 0 ? [{ upgrade, state, commit, members }] : []
  })
  return { holders: found.flat(), upgrades: looked.length, all }
}

/** Does the request of an upgrade name its targets, and none of these? Then its plan need not be read. */
function isAboutOthers({ request }: PlannedUpgrade, targets: ReadonlySet<string>): boolean {
  return request.selection.targets?.every((target) => !targets.has(target)) ?? false
}
