import { upgradeEvents } from '../../events/upgrade.ts'
import { openLog } from '../../functions/log/dynamo.ts'
import { existing } from '../domain/upgrade/world.ts'
import type { Done, Member } from './fleet.ts'
import {
  agentsWork,
  beforeTheEnd,
  createProfile,
  nextOpening,
  runningOf,
  versions,
} from './profile-window.ts'
import { settleFleet } from './settled-fleet.ts'
import { type Course, type Taken, takenBy } from './taken.ts'
import { openWorld, until, type World } from './world.ts'

/** What a wave took that was held up by everything that can hold one up. */
export interface Eventful extends Taken {
  readonly size: number
  /** What really happened in it. */
  readonly retried: number
  readonly pauses: number
  readonly windows: number
}

const minute = 60_000
/** So many targets of each so many fail at first: fewer than the tenth at which nothing more would be admitted. */
const block = 30
const failingInBlock = 2
/** Later than the longest first delay of a retry, with a tick. */
const untilRetried = 6 * minute
/** Too late for an attempt, which is expected to take five minutes, to begin: what nobody has accepted is withdrawn. */
const afterLastAdmission = 4 * minute

/**
 * Takes a fleet through one wave of a profile's upgrade: in every block of targets some fail and are tried again, an operator pauses and
 * resumes, the window closes on half the fleet, and the next one ends it.
 */
export async function eventfulWave(size: number): Promise<Eventful> {
  const world = await openWorld({ metered: true, movable: true })
  try {
    await settleFleet(world, size, versions)
    const profile = await createProfile(world)
    const taken = await takenBy(world, () => courseOf(world, profile))
    return { ...taken, size, ...(await happenedIn(world, taken.id)) }
  } finally {
    await world.stop()
  }
}

async function courseOf(world: World, profile: string): Promise<Course> {
  const { operator, runtime } = world
  await nextOpening(world)
  const { id, members, state } = await runningOf(world, profile)
  const done = { reports: 0, polls: 0 }
  const add = ({ reports, polls }: Done) => {
    done.reports += reports
    done.polls += polls
  }
  const workOn = async (ids: readonly string[]) => {
    for (let start = 0; start < ids.length; start += block) {
      const some = ids.slice(start, start + block)
      const failing = some.slice(0, failingInBlock)
      const endOf = (one: string): Member['ends'] =>
        failing.includes(one) ? 'failed-retryably' : 'completed'
      add(await agentsWork(world, some, endOf))
      await runtime.moveTo(runtime.clock.now() + untilRetried)
      add(await agentsWork(world, failing))
    }
  }
  const half = Math.floor(members.length / 2)
  await workOn(members.slice(0, block))
  await operator('POST', `/api/upgrades/${id}/pause`, { reason: 'somebody has to look first' })
  await runtime.moveTo(runtime.clock.now() + minute)
  await operator('POST', `/api/upgrades/${id}/resume`, {})
  await workOn(members.slice(block, half))
  await beforeTheEnd(world, afterLastAdmission)
  await nextOpening(world)
  await workOn(members.slice(half))
  await until('the end', async () => existing(await state()).standing.status === 'completed' || undefined)
  return { id, waves: 1, ...done }
}

/** Reads in the log what held the wave up: a course that missed its windows must not look like one that needs no transitions. */
async function happenedIn({ dynamo, tables }: World, upgrade: string) {
  const log = openLog({ client: dynamo, table: tables.log, now: Date.now })
  const found = { retried: 0, pauses: 0, windows: 1 }
  for await (const commit of log.commits(`upgrade#${upgrade}`, { consistent: true })) {
    for (const { type, schema, data } of commit.events) {
      const event = upgradeEvents.decode(type, schema, JSON.parse(data))
      if (event.type === 'UpgradePaused') found.pauses += 1
      if (event.type === 'WindowSet') found.windows += 1
      if (event.type !== 'TargetsAdmitted') continue
      found.retried += event.data.retried.reduce((sum, [from, to]) => sum + to - from, 0)
    }
  }
  if (found.retried === 0 || found.pauses !== 1 || found.windows !== 2)
    throw new Error(`The wave was to have retries, a pause and two windows: ${JSON.stringify(found)}.`)
  return found
}
