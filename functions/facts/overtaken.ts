import type { Phase } from '../domain/rollout/state.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { exists, planOf } from '../domain/upgrade/state.ts'
import { sameVersion } from '../domain/version/identity.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import { chunksIn, targetsIn } from './plan-members.ts'
import { readableTarget } from './readable-target.ts'

/**
 * Returns how many targets of a phase that has ended well do not run any more what it had put there, by what their own streams say now, read
 * strongly: a newer upgrade has overtaken them, or they were taken back; nor does one that cannot be read. Of a rollback: none, as its members have a version each.
 */
export async function overtakenOf(log: Log, { kind, upgrade, end }: Phase): Promise<number> {
  if (kind !== 'deploy' || upgrade === null || end === null) return 0
  const { state } = await log.load(upgradeAggregate, upgrade)
  const plan = planOf(state)
  if (!plan || !exists(state)) return 0
  const { component } = state.request
  let there = 0
  for (let chunk = 0; chunk < chunksIn(plan); chunk++) {
    const targets = await targetsIn(log, plan, chunk)
    await sideBySide(targets, atOnce.targets, async (target) => {
      const runs = (await readableTarget(log, target))?.components[component]
      if (runs !== undefined && sameVersion(runs, plan.version)) there++
    })
  }
  return Math.max(0, end.succeeded - there)
}
