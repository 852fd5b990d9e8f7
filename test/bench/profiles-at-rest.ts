import { SchedulerClient } from '@aws-sdk/client-scheduler'
import { openWindowSchedules } from '../../functions/work/window-scheduler.ts'
import { since } from './capacity.ts'
import { createProfile } from './profile-window.ts'
import { calm, invokedSince } from './taken.ts'
import { busEventsOf, workflowOf } from './workflow.ts'
import { openWorld, type World } from './world.ts'

/** What a span of time took. */
export interface Spent {
  readonly written: number
  readonly read: number
  readonly ticks: number
  /** Invocations of anything but the ticker. */
  readonly invocations: number
  readonly transitions: number
  readonly busEvents: number
}

/** What time takes without profiles and with so many that nothing opens for. */
export interface AtRest {
  readonly profiles: number
  /** The schedules of windows that exist for them. */
  readonly schedules: number
  readonly hour: { readonly without: Spent; readonly with: Spent }
  /** The daily reconciliation, with one tick. */
  readonly reconciliation: { readonly without: Spent; readonly with: Spent }
}

const minute = 60_000
const day = 1440 * minute

/** Lets an hour and then a day pass, without profiles and with them, and counts everything that is charged for. */
export async function profilesAtRest(profiles: number): Promise<AtRest> {
  const world = await openWorld({ metered: true, movable: true })
  try {
    const start = world.runtime.clock.now()
    const withoutHour = await spentBy(world, () => hourOf(world))
    const withoutDay = await spentBy(world, () => world.runtime.moveTo(start + day))
    // Beyond the days that pass here, at an hour at which nothing else happens.
    const opening = new Date(world.runtime.clock.now() + 10 * day)
    const cron = `30 12 ${opening.getUTCDate()} ${opening.getUTCMonth() + 1} *`
    for (let number = 1; number <= profiles; number++)
      await createProfile(world, { name: `Rest ${number}`, cron })
    await world.runtime.moveTo(world.runtime.clock.now() + minute)
    const hour = { without: withoutHour, with: await spentBy(world, () => hourOf(world)) }
    const schedules = await schedulesOf(world)
    const reconciliation = {
      without: withoutDay,
      with: await spentBy(world, () => world.runtime.moveTo(start + 2 * day)),
    }
    return { profiles, schedules, hour, reconciliation }
  } finally {
    await world.stop()
  }
}

async function hourOf({ runtime }: World): Promise<void> {
  const start = runtime.clock.now()
  // The clock passes over ticks that it jumps across, and stops at none: each minute is a move of its own.
  for (let passed = 1; passed <= 60; passed++) await runtime.moveTo(start + passed * minute)
}

async function spentBy(world: World, act: () => Promise<void>): Promise<Spent> {
  await calm(world)
  const total = async () => ({
    consumed: await world.consumed(),
    invoked: world.invoked(),
    transitions: (await workflowOf(world)).transitions,
    busEvents: busEventsOf(world),
  })
  const before = await total()
  await act()
  await calm(world)
  const after = await total()
  const used = Object.values(since(before.consumed, after.consumed))
  const invoked = Object.entries(invokedSince(before.invoked, after.invoked))
  const count = (counts: (name: string) => boolean) =>
    invoked.reduce((sum, [name, one]) => sum + (counts(name) ? one.count : 0), 0)
  return {
    written: used.reduce((sum, { written, lost }) => sum + written + lost, 0),
    read: used.reduce((sum, { read }) => sum + read, 0),
    ticks: count((name) => name.includes('ticker')),
    invocations: count((name) => !name.includes('ticker')),
    transitions: after.transitions - before.transitions,
    busEvents: after.busEvents - before.busEvents,
  }
}

/** Counts the schedules of windows as EventBridge Scheduler lists them. */
async function schedulesOf({ runtime }: World): Promise<number> {
  const client = new SchedulerClient({
    endpoint: String(runtime.endpoints.AWS_ENDPOINT_URL_SCHEDULER),
    region: 'eu-central-1',
    credentials: runtime.administrator,
  })
  const nobody = { functionArn: '', roleArn: '', deadLetterArn: '' } // listing calls nothing
  const names = await openWindowSchedules(client, { group: 'drydock', ...nobody }).list('window-')
  client.destroy()
  return names.length
}
