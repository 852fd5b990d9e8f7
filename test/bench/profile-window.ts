import { profileAggregate } from '../../functions/domain/profile/aggregate.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import type { UpgradeState } from '../../functions/domain/upgrade/state.ts'
import { planOf } from '../../functions/domain/upgrade/state.ts'
import { planMembers } from '../../functions/facts/plan-members.ts'
import { openLog } from '../../functions/log/dynamo.ts'
import type { Log } from '../../functions/log/log.ts'
import { existing } from '../domain/upgrade/world.ts'
import type { Done, Member } from './fleet.ts'
import { component } from './settled-fleet.ts'
import { type Course, type Taken, takenBy } from './taken.ts'
import { until, type World } from './world.ts'

/** The versions between which profiles take a fleet. */
export const versions = ['v1.1.0', 'v1.2.0'] as const
/** The most that a profile may have in flight: windows of large fleets are as quick as they can be. */
const parallel = 10

const hour = 3_600_000
/** From one opening to the next, and how long a window is open, in hours. */
const [every, open] = [4, 2]

/** Creates a profile that means every target of a settled fleet by its filters; returns its id. */
export async function createProfile(
  { operator }: World,
  { name = 'Whole fleet', cron = `0 */${every} * * *` } = {},
): Promise<string> {
  const [, target_version] = versions
  const { id } = await operator<{ id: string }>('POST', '/api/v1/upgrade-profiles', {
    name,
    schedule: {
      cron_expression: cron,
      timezone: 'UTC',
      maintenance_window_hours: open,
      retry_attempts: 2,
      retry_delay_minutes: 5,
    },
    upgrade_settings: {
      target_version,
      component,
      pre_upgrade_checks: false,
      rollback_on_failure: false,
      parallel_upgrades: parallel,
    },
    resource_filters: {
      resource_types: ['customer-instance'],
      regions: ['eu-central', 'us-east', 'ap-south'],
      exclude_critical: true,
    },
  })
  return id
}

/** Moves the clock to the next opening of such a profile, and lets everything happen that follows from it. */
export async function nextOpening({ runtime }: World): Promise<void> {
  const length = every * hour
  await runtime.moveTo(Math.floor(runtime.clock.now() / length + 1) * length)
}

/** Moves the clock to so many milliseconds before the end of the window that is open. */
export async function beforeTheEnd({ runtime }: World, milliseconds: number): Promise<void> {
  const opening = Math.floor(runtime.clock.now() / (every * hour)) * every * hour
  await runtime.moveTo(opening + open * hour - milliseconds)
}

/** The upgrade that a profile runs. */
export interface Running {
  readonly id: string
  /** Its members in the order of its plan. */
  readonly members: readonly string[]
  state(): Promise<UpgradeState>
}

function logOf({ dynamo, tables }: World): Log {
  return openLog({ client: dynamo, table: tables.log, now: Date.now })
}

/** Returns the upgrade that the opening of a profile's window has started. */
export async function runningOf(world: World, profile: string): Promise<Running> {
  const log = logOf(world)
  const { running } = (await log.load(profileAggregate, profile)).state
  if (!running) throw new Error('The window has opened and no upgrade runs.')
  const { upgrade: id } = running
  const state = async () => (await log.load(upgradeAggregate, id)).state
  const plan = await until('the plan', async () => planOf(await state()) ?? undefined)
  const indexes = Array.from({ length: plan.members }, (_, index) => index)
  const planned = await planMembers(log, plan.planHash, indexes)
  return { id, members: [...planned.values()].map(({ target }) => target), state }
}

/** Lets the agents of some targets take what they are offered; resolves when each has reported its end. */
export function agentsWork(
  { work }: World,
  ids: readonly string[],
  endOf: (id: string) => Member['ends'] = () => 'completed',
): Promise<Done> {
  const [from, to] = versions
  const members = ids.map((id) => ({ id, ends: endOf(id) }))
  return work({ kind: 'upgrade', members, from, to, gateway: null, atOnce: parallel })
}

/** What a window took in which a profile upgraded a whole fleet. */
export interface Window extends Taken {
  readonly size: number
  /** Write units of log and views from the firing of the schedule until the first targets are assigned. */
  readonly opening: number
  /** Commits of the upgrade itself: with ten in flight few ends come together. */
  readonly upgradeCommits: number
}

/** Opens the window of a profile over a settled fleet of a size that has been nowhere yet, and lets all succeed in it. */
export async function windowFor(world: World, size: number): Promise<Window> {
  const profile = await createProfile(world)
  await world.runtime.moveTo(world.runtime.clock.now())
  const written = async () => {
    const consumed = await world.consumed()
    return [world.tables.log, world.tables.views].reduce(
      (sum, table) => sum + (consumed[table]?.written ?? 0),
      0,
    )
  }
  const before = await written()
  let opening = 0
  const taken = await takenBy(world, async (): Promise<Course> => {
    await nextOpening(world)
    opening = (await written()) - before
    const { id, members, state } = await runningOf(world, profile)
    const done = await agentsWork(world, members)
    await until('the end', async () => existing(await state()).standing.status === 'completed' || undefined)
    return { id, waves: 1, ...done }
  })
  const { commit: upgradeCommits } = await logOf(world).load(upgradeAggregate, taken.id)
  return { ...taken, size, opening, upgradeCommits }
}
