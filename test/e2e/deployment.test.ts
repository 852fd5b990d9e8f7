import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fleet, fleet } from './agent.ts'
import type { Client } from './client.ts'
import { DeployedMachine } from './deployed-machine.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { halfDeployed, makeNextVersion, type NextVersion, newState } from './next-version.ts'
import { eventually } from './patience.ts'
import { ended, statusOf } from './upgrades.ts'

/** Enough that its stream holds a snapshot of the version before, which the next one cannot use. */
const pauses = 8

let next: NextVersion
let machine: DeployedMachine
let operator: Client
let second: Client

beforeAll(async () => {
  const [version, deployed] = await Promise.all([
    makeNextVersion(),
    DeployedMachine.at(runtimeOfFile().template),
  ])
  next = version
  machine = deployed
  operator = machine.person('operator-1', 'operator')
  second = machine.person('operator-2', 'operator', 'approver')
  // A synthesis and a start, on a machine that does other things too.
}, 180_000)

afterAll(async () => {
  await machine.remove()
  await next.remove()
})

/** Begins a canary of two targets and brings it to where it waits for a person: its first target is done. */
async function halfway(): Promise<{ readonly upgrade: string; readonly rest: Fleet['agents'] }> {
  const { agents, deploy } = await fleet(operator, 2)
  const upgrade = await deploy({ strategy: 'canary', canaryPercent: 50 })
  const [canary] = await eventually(
    async () => {
      const offers = await Promise.all(agents.map(async (agent) => ({ agent, offer: await agent.check() })))
      return offers.filter(({ offer }) => offer.updateAvailable).map(({ agent }) => agent)
    },
    (offered) => expect(offered).toHaveLength(1),
  )
  await canary?.upgrade()
  await waits(upgrade)
  return { upgrade, rest: agents.filter((agent) => agent !== canary) }
}

const waits = (upgrade: string) =>
  eventually(
    () => statusOf(operator, upgrade, { completed: 1 }),
    ({ holds }) => expect(holds.map(({ code }) => code)).toContain('CONTINUE'),
  )

/** Continues an upgrade as a second person, lets its last target upgrade, and waits for its end. */
async function finish({ upgrade, rest }: Awaited<ReturnType<typeof halfway>>): Promise<void> {
  await second.write(`/api/upgrades/${upgrade}/continue`)
  for (const agent of rest) await agent.upgrade()
  await ended(operator, upgrade, { status: 'completed', completed: 2, failed: 0 })
}

/** The versions in which the events of one type lie in the stream of an upgrade. */
async function schemasOf(upgrade: string, type: string): Promise<number[]> {
  const commits = await machine.commits(`upgrade#${upgrade}`)
  return commits.flatMap(({ events }) =>
    events.filter((event) => event.type === type).map(({ schema }) => schema),
  )
}

async function snapshotsOf(upgrade: string): Promise<number[]> {
  return [
    ...new Set(
      (await machine.commits(`upgrade#${upgrade}`)).flatMap(({ snapshot }) => snapshot?.schema ?? []),
    ),
  ]
}

describe('the next version, deployed while upgrades run, readers first', () => {
  it('finishes what the version before began', async () => {
    const [early, late, stopped] = await Promise.all([halfway(), halfway(), halfway()])
    const path = `/api/upgrades/${late.upgrade}`
    for (let pause = 0; pause < pauses; pause += 1) {
      await operator.write(`${path}/pause`, { reason: 'looking closer' })
      await operator.write(`${path}/resume`)
    }
    const [snapshot] = await snapshotsOf(late.upgrade)
    expect(snapshot).toBeGreaterThan(0)

    // The functions are replaced one by one. All that read are new, the one that writes the event with the new shape is not.
    await machine.deploy(await halfDeployed(runtimeOfFile().template, next.template, /^Functionsupgrades/))
    await Promise.all([waits(early.upgrade), waits(late.upgrade)])
    await finish(early)
    expect(await schemasOf(early.upgrade, 'ContinueGiven')).toEqual([1])

    await machine.deploy(next.template)
    await finish(late)
    expect(await schemasOf(late.upgrade, 'ContinueGiven')).toEqual([2])
    // An execution that was under way keeps the definition that it began with.
    for (const { upgrade } of [early, late]) {
      const states = await machine.statesOf(`${upgrade}-1`)
      expect([states.at(-1), states.includes(newState)]).toEqual(['Ended', false])
    }

    // The next generation has the new one.
    await machine.stopExecution(`${stopped.upgrade}-1`)
    await finish(stopped)
    await eventually(
      () => machine.statesOf(`${stopped.upgrade}-2`),
      (states) => expect(states.slice(-2)).toEqual([newState, 'Ended']),
    )
    expect(await machine.audit(next.directory)).toMatch(/nothing/i)
  })
})
