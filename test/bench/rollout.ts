import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { waveCount, waveRange } from '../../functions/domain/plan/waves.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { openLog } from '../../functions/log/dynamo.ts'
import { planMembers } from '../../functions/planning/members.ts'
import { type Capacity, type Consumed, since } from './capacity.ts'
import type { Member } from './fleet.ts'
import { type Present, presentIn } from './rows.ts'
import { busEventsOf, type Workflow, workflowOf } from './workflow.ts'
import { type Invoked, until, type World } from './world.ts'

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

/** What one upgrade of a fleet took, as counted by those who would charge for it. */
export interface Counted {
  readonly size: number
  readonly mode: 'agents' | 'gateway'
  readonly seconds: number
  readonly log: Capacity
  readonly views: Capacity
  readonly work: Capacity
  /** The commits of this upgrade that lie in the log, and the rows of its attempts and of its targets in the views. */
  readonly commits: Present
  readonly rows: Present
  readonly reports: number
  readonly polls: number
  readonly workflow: Workflow
  readonly busEvents: number
  readonly waves: number
  readonly invoked: Readonly<Record<string, Invoked>>
}

const component = 'api'
const gateway = 'gateway-1'
const nothing: Capacity = { written: 0, lost: 0, read: 0, writes: 0 }

interface Registered {
  readonly targets: readonly { readonly id: string; readonly enrolmentToken?: string }[]
}

/** Registers and enrols a fleet of a size behind one gateway, and the releases it is taken to. */
export async function settleFleet(world: World, size: number, versions: readonly string[]): Promise<void> {
  const { operator } = world
  for (const version of versions.slice(1)) {
    const digest = `sha256:${'4b'.repeat(32)}`
    await operator('POST', '/api/v1/releases', { component, version, channel: 'stable', digest })
  }
  const register = async (targets: readonly object[]) => {
    const answer = await operator<Registered>('POST', '/api/v1/targets', { targets, enrol: true })
    const enrolments = answer.targets.map(({ id, enrolmentToken = '' }): [string, string] => [
      id,
      enrolmentToken,
    ])
    await world.work({ kind: 'enrol', enrolments })
  }
  await register([{ id: gateway, type: 'gateway' }])
  for (let start = 0; start < size; start += 500) {
    const count = Math.min(500, size - start)
    await register(
      Array.from({ length: count }, (_, number) => ({
        id: `cust_${String(start + number + 1).padStart(6, '0')}`,
        type: 'customer-instance',
        region: ['eu-central', 'us-east', 'ap-south'][number % 3],
        gateway,
        components: { [component]: versions[0] },
      })),
    )
  }
  await calm(world)
}

/** Takes the fleet to a version by a canary of 10 %, and counts everything from the request to the last row. */
export async function rollOut(
  world: World,
  size: number,
  how: Rollout,
): Promise<Counted & { readonly id: string }> {
  const { operator, tables, dynamo } = world
  const log = openLog({ client: dynamo, table: tables.log, now: Date.now })
  const [before, invokedBefore] = [await world.consumed(), world.invoked()]
  const began = performance.now()
  const request = new Date().toISOString()
  const { upgradeId } = await operator<{ upgradeId: string }>('POST', '/api/upgrades/deploy', {
    component,
    version: how.to,
    strategy: 'canary',
    canaryPercent: 10,
    autoContinue: true,
    targets: { types: ['customer-instance'] },
    ...(how.parallel && { parallel: how.parallel }),
  })
  const state = () => log.load(upgradeAggregate, upgradeId).then((loaded) => loaded.state)
  const plan = await until('the plan', async () => (await state()).plan ?? undefined)
  let reports = 0
  let polls = 0
  const waves = waveCount(plan.waves, plan.members)
  for (let wave = 0; wave < waves; wave++) {
    await until(`wave ${wave + 1}`, async () => {
      const { wave: reached, phase } = await state()
      if (phase === 'failed' || phase === 'paused') throw new Error(`The upgrade is ${phase}.`)
      return reached >= wave || undefined
    })
    const { from, to } = waveRange(plan.waves, plan.members, wave)
    const indexes = Array.from({ length: to - from }, (_, place) => from + place)
    const planned = await planMembers(log, plan.planHash, indexes)
    const members = [...planned.values()].map(
      ({ target }): Member => ({ id: target, fails: how.failing === true }),
    )
    const admitted = how.failing ? members.slice(0, how.parallel) : members
    const done = await world.work({
      kind: 'upgrade',
      members: admitted,
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
  await until('the end', async () => resting.includes((await state()).phase) || undefined)
  await calm(world)
  const seconds = (performance.now() - began) / 1000
  const used = since(before, await world.consumed())
  const isNew = (item: Record<string, AttributeValue>) => (item.at?.S ?? '') >= request
  return {
    id: upgradeId,
    size,
    mode: how.gateway === null ? 'agents' : 'gateway',
    seconds,
    ...capacities(used, tables),
    commits: await presentIn(dynamo, tables.log, isNew),
    rows: await presentIn(dynamo, tables.views, ({ view, body }) => {
      const name = view?.S ?? ''
      return name.includes(upgradeId) || (name.endsWith('/targets') && (body?.S ?? '').includes(upgradeId))
    }),
    reports,
    polls,
    workflow: await workflowOf(world, upgradeId),
    busEvents: busEventsOf(world, upgradeId),
    waves,
    invoked: Object.fromEntries(
      [...world.invoked()].map(([name, { count, gigabyteSeconds }]) => {
        const old = invokedBefore.get(name) ?? { count: 0, gigabyteSeconds: 0 }
        return [name, { count: count - old.count, gigabyteSeconds: gigabyteSeconds - old.gigabyteSeconds }]
      }),
    ),
  }
}

/** The gateway that stands before every target of a fleet. */
export const gatewayOf = (): string => gateway

function capacities(used: Consumed, tables: World['tables']) {
  return {
    log: used[tables.log] ?? nothing,
    views: used[tables.views] ?? nothing,
    work: used[tables.work] ?? nothing,
  }
}

/** Waits until nothing is written any more: what follows from the last commit has followed. */
async function calm(world: World): Promise<void> {
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
