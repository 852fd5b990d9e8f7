import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { type Capacity, type Consumed, since } from './capacity.ts'
import { type Present, presentIn } from './rows.ts'
import { busEventsOf, type Workflow, workflowOf } from './workflow.ts'
import { type Invoked, until, type World } from './world.ts'

/** An upgrade that was taken to its end, and what its agents did for that. */
export interface Course {
  readonly id: string
  readonly waves: number
  readonly reports: number
  readonly polls: number
}

/** What one upgrade took, as counted by those who would charge for it. */
export interface Taken extends Course {
  readonly seconds: number
  readonly log: Capacity
  readonly views: Capacity
  readonly work: Capacity
  /** The commits of that time that lie in the log, and the rows of its attempts and of its targets in the views. */
  readonly commits: Present
  readonly rows: Present
  readonly workflow: Workflow
  readonly busEvents: number
  readonly invoked: Readonly<Record<string, Invoked>>
  /** Bytes that functions wrote into their logs. */
  readonly loggedBytes: number
}

const nothing: Capacity = { written: 0, lost: 0, read: 0, writes: 0 }

/** Counts everything that an upgrade takes, from before it is asked for to the last row. */
export async function takenBy(world: World, act: () => Promise<Course>): Promise<Taken> {
  const { tables, dynamo } = world
  const [before, invokedBefore] = [await world.consumed(), world.invoked()]
  const loggedBefore = world.logged()
  const began = performance.now()
  const asked = new Date().toISOString()
  const course = await act()
  await calm(world)
  const seconds = (performance.now() - began) / 1000
  const used = since(before, await world.consumed())
  const isNew = (item: Record<string, AttributeValue>) => (item.at?.S ?? '') >= asked
  return {
    ...course,
    seconds,
    ...capacities(used, tables),
    commits: await presentIn(dynamo, tables.log, isNew),
    rows: await presentIn(dynamo, tables.views, ({ view, body }) => {
      const name = view?.S ?? ''
      return name.includes(course.id) || (/\/targets~\d+$/.test(name) && (body?.S ?? '').includes(course.id))
    }),
    workflow: await workflowOf(world, course.id),
    busEvents: busEventsOf(world, course.id),
    invoked: invokedSince(invokedBefore, world.invoked()),
    loggedBytes: world.logged() - loggedBefore,
  }
}

/** Returns what was invoked between two moments. */
export function invokedSince(
  before: ReadonlyMap<string, Invoked>,
  after: ReadonlyMap<string, Invoked>,
): Readonly<Record<string, Invoked>> {
  return Object.fromEntries(
    [...after].map(([name, { count, gigabyteSeconds }]) => {
      const old = before.get(name) ?? { count: 0, gigabyteSeconds: 0 }
      return [name, { count: count - old.count, gigabyteSeconds: gigabyteSeconds - old.gigabyteSeconds }]
    }),
  )
}

/** Returns what was used of each of the three tables. */
function capacities(
  used: Consumed,
  tables: World['tables'],
): Readonly<Record<'log' | 'views' | 'work', Capacity>> {
  return {
    log: used[tables.log] ?? nothing,
    views: used[tables.views] ?? nothing,
    work: used[tables.work] ?? nothing,
  }
}

/** Waits until nothing is written any more: what follows from the last commit has followed. */
export async function calm(world: World): Promise<void> {
  let before = ''
  await until(
    'writes to end',
    async () => {
      const now = JSON.stringify(await world.consumed())
      const same = now === before
      before = now
      return same || undefined
    },
    400,
  )
}
