import { profileAggregate } from '../../functions/domain/profile/aggregate.ts'
import { judgeOpening } from '../../functions/reactor/profiles/open-window.ts'
import { openWorld, report } from '../api/world.ts'

/** The world's clock starts here: a Monday. */
const monday = '2026-01-05T10:00:00.000Z'
export const sunday = '2026-01-11T02:00:00.000Z'
export const nextSunday = '2026-01-18T02:00:00.000Z'

/** What a profile says that maintains the customers on Sunday nights. */
export const weekly = {
  name: 'weekly',
  schedule: { cron_expression: '0 2 * * 0', timezone: 'UTC', maintenance_window_hours: 4 },
  upgrade_settings: {
    target_version: 'latest',
    component: 'api',
    pre_upgrade_checks: true,
    rollback_on_failure: false,
    parallel_upgrades: 5,
  },
  resource_filters: { resource_types: ['customer'] },
}

/** Opens a world whose profiles act over a small fleet, with what tests of them do again and again. */
export async function openProfileWorld(targets = 3, world = openWorld({ heard: true })) {
  if (targets > 0) await world.fleet(targets)
  const profile = async (id: string) => (await world.log.load(profileAggregate, id)).state
  const upgrade = async (id: string) => await world.upgrade(id)
  let clock = Date.parse(monday)
  return {
    world,
    profile,
    upgrade,
    /** Moves the clock to an instant. */
    at(instant: string) {
      world.pass((Date.parse(instant) - clock) / 1000)
      clock = Date.parse(instant)
    },
    async created(definition: object = weekly): Promise<string> {
      const reply = await world.call('POST', '/api/v1/upgrade-profiles', { body: definition })
      if (reply.status !== 201) throw new Error(JSON.stringify(reply.body))
      await world.settle()
      return reply.body.id
    },
    async updated(id: string, body: object): Promise<void> {
      const reply = await world.call('PUT', `/api/v1/upgrade-profiles/${id}`, { body })
      if (reply.status !== 200) throw new Error(JSON.stringify(reply.body))
      await world.settle()
    },
    /** Delivers the firing of an opening, or of its planning. */
    async fire(id: string, scheduledAt: string, plan = false): Promise<void> {
      const event = { profileId: id, scheduledAt, ...(plan && { plan }) }
      await judgeOpening(world.services, event)
      await world.settle()
    },
    /** Drives an upgrade to its end, every agent doing its part. */
    async finish(id: string, status?: (target: string) => string): Promise<void> {
      for (let round = 0; round < 10 && (await world.advance(id)) !== 'ended'; round++)
        await report(world, status)
      await world.settle()
    },
    schedules: () =>
      [...world.schedules.all.values()]
        .map(({ name, at }) => ({ at, plan: name.endsWith('-plan') }))
        .sort((left, right) => (left.at < right.at ? -1 : 1)),
  }
}
