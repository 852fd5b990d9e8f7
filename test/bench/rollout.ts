import { waveCount, waveRange } from '../../functions/domain/plan/waves.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { planOf } from '../../functions/domain/upgrade/state.ts'
import { planMembers } from '../../functions/facts/plan-members.ts'
import { openLog } from '../../functions/log/dynamo.ts'
import { existing } from '../domain/upgrade/world.ts'
import type { Member } from './fleet.ts'
import { component } from './settled-fleet.ts'
import { type Course, type Taken, takenBy } from './taken.ts'
import { until, type World } from './world.ts'

/** How a fleet is upgraded in one run. */
export interface Rollout {
  readonly from: string
  readonly to: string
  readonly gateway: string | null
  readonly atOnce: number
  readonly waves: 2
  readonly failing?: boolean
  readonly parallel?: number
}

/** What one upgrade of a fleet took. */
export interface Counted extends Taken {
  readonly size: number
  readonly mode: 'agents' | 'gateway'
}

/** Takes the fleet to a version by a canary of 10 %, and counts everything from the request to the last row. */
export async function rollOut(world: World, size: number, how: Rollout): Promise<Counted> {
  const taken = await takenBy(world, () => courseOf(world, how))
  return { ...taken, size, mode: how.gateway === null ? 'agents' : 'gateway' }
}

async function courseOf({ dynamo, operator, tables, work }: World, how: Rollout): Promise<Course> {
  const log = openLog({ client: dynamo, table: tables.log, now: Date.now })
  const { upgradeId: id } = await operator<{ upgradeId: string }>('POST', '/api/upgrades/deploy', {
    component,
    version: how.to,
    strategy: 'canary',
    canaryPercent: 10,
    autoContinue: true,
    targets: { types: ['customer-instance'] },
    ...(how.parallel && { parallel: how.parallel }),
  })
  const state = () => log.load(upgradeAggregate, id).then((loaded) => loaded.state)
  const plan = await until('the plan', async () => planOf(await state()) ?? undefined)
  let reports = 0
  let polls = 0
  const waves = waveCount(plan.waves, plan.members)
  for (let wave = 0; wave < waves; wave++) {
    await until(`wave ${wave + 1}`, async () => {
      const { wave: reached, status } = existing(await state()).standing
      if (status === 'failed' || status === 'paused') throw new Error(`The upgrade is ${status}.`)
      return reached >= wave || undefined
    })
    const { from, to } = waveRange(plan.waves, plan.members, wave)
    const indexes = Array.from({ length: to - from }, (_, place) => from + place)
    const planned = await planMembers(log, plan.planHash, indexes)
    const members = [...planned.values()].map(
      ({ target }): Member => ({ id: target, ends: how.failing ? 'failed' : 'completed' }),
    )
    const done = await work({
      kind: 'upgrade',
      members: how.failing ? members.slice(0, how.parallel) : members,
      from: how.from,
      to: how.to,
      gateway: how.gateway,
      atOnce: how.atOnce,
    })
    reports += done.reports
    polls += done.polls
    if (how.failing) break
  }
  const resting = ['completed', 'completed_with_exceptions', 'paused', 'aborted', 'failed']
  await until('the end', async () => resting.includes(existing(await state()).standing.status) || undefined)
  return { id, waves, reports, polls }
}
