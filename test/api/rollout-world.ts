import { approver, digest, openWorld, type World } from './world.ts'

/** Two databases and four workers, with a newer release of each of their components. */
export async function platform(): Promise<World> {
  const world = openWorld()
  for (const component of ['db', 'worker'])
    await world.call('POST', '/api/v1/releases', { body: { component, version: 'v2.0.0', digest } })
  const made = (id: string, component: string, region: string) => ({
    ...{ id, type: component, region },
    components: { [component]: 'v1.0.0' },
  })
  const targets = [
    ...['db-1', 'db-2'].map((id) => made(id, 'db', 'eu-central')),
    ...['w-1', 'w-2', 'w-3', 'w-4'].map((id) => made(id, 'worker', 'us-east')),
  ]
  await world.call('POST', '/api/v1/targets', { body: { targets } })
  await world.settle()
  return world
}

/** Databases first, then the workers. */
export const twoPhases = {
  name: 'Platform 2.0',
  phases: [
    { name: 'databases', component: 'db', version: 'v2.0.0', strategy: 'all' },
    { name: 'workers', component: 'worker', version: 'v2.0.0', strategy: 'all', dependsOn: ['databases'] },
  ],
}

/** Starts a rollout and lets it go on until it waits; returns its id. */
export async function started(world: World, body: object = twoPhases): Promise<string> {
  const reply = await world.call('POST', '/api/v1/rollouts', { body })
  if (reply.status !== 202) throw new Error(JSON.stringify(reply.body))
  await world.advanceRollout(reply.body.rolloutId)
  return reply.body.rolloutId
}

/** Returns the progress of a rollout. */
export async function statusOf(world: World, id: string) {
  const { body } = await world.call('GET', `/api/v1/rollouts/${id}/status`)
  return body
}

/** Returns where each phase of a rollout stands, by its name. */
export async function phasesOf(world: World, id: string): Promise<Readonly<Record<string, string>>> {
  const { phases } = await statusOf(world, id)
  return Object.fromEntries(
    phases.map(({ name, status }: { name: string; status: string }) => [name, status]),
  )
}

/** Approves the plan of a rollout as somebody else. */
export async function approved(world: World, id: string): Promise<void> {
  const { planHash } = await statusOf(world, id)
  const reply = await world.call('POST', `/api/v1/rollouts/${id}/approve`, {
    as: approver,
    body: { planHash },
  })
  if (reply.status !== 200) throw new Error(JSON.stringify(reply.body))
  await world.advanceRollout(id)
}
