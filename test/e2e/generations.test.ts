import { beforeAll, describe, expect, it } from 'vitest'
import { fleet, offered } from './agent.ts'
import { type Client, person } from './client.ts'
import { standingOf, stateOf, stopExecution } from './executions.ts'
import { eventually } from './patience.ts'
import { ended, storyOf } from './upgrades.ts'

let operator: Client
let second: Client

beforeAll(async () => {
  operator = await person('operator-1', 'operator')
  second = await person('operator-2', 'operator', 'approver')
})

const reaches = (name: string, state: string) =>
  eventually(
    () => stateOf(name),
    (now) => expect([name, now]).toEqual([name, state]),
  )

/** An instant of the runtime's clock, so many seconds from now. */
async function inSeconds(target: string, seconds: number): Promise<string> {
  const { at } = await operator.read<{ readonly at: string }>(`/api/v1/targets/${target}/explain`)
  return new Date(Date.parse(at) + seconds * 1000).toISOString()
}

describe.concurrent('an execution that is stopped by hand', () => {
  it('in every state that waits: the next generation finishes the upgrade, and the job keeps its name', async () => {
    const { agents, deploy } = await fleet(operator, 2)
    const [target] = agents
    const later = await inSeconds(target?.id ?? '', 48 * 3600)
    // One upgrade that waits in each of the five states, one after the other.
    const upgradeId = await deploy({
      ...{ strategy: 'canary', canaryPercent: 50, bakeSeconds: 300 },
      approvals: { required: 1 },
      window: { start: await inSeconds(target?.id ?? '', 24 * 3600), end: later },
    })
    let generation = 1
    const stopIn = async (state: string) => {
      await reaches(`${upgradeId}-${generation}`, state)
      await stopExecution(`${upgradeId}-${generation}`)
      expect(await standingOf(`${upgradeId}-${generation}`)).toBe('ABORTED')
      generation += 1
      await reaches(`${upgradeId}-${generation}`, state)
    }
    const path = `/api/upgrades/${upgradeId}`

    await stopIn('Await approval')
    const { plan } = await operator.read<{ readonly plan: { readonly planHash: string } }>(path)
    await second.write(`${path}/approve`, { planHash: plan.planHash })
    await stopIn('Await the window')
    const now = { start: await inSeconds(target?.id ?? '', -60), end: later }
    await operator.write(`${path}/resume`, { window: now })
    // It is another window than the one that was approved.
    await second.write(`${path}/approve`, { planHash: plan.planHash, window: now })
    await stopIn('Await the wave')
    const canary = await offered(agents, 1)
    for (const { agent } of canary) await agent.upgrade()
    await stopIn('Let it bake')
    await stopIn('Await the gate')
    const { body } = await second.write(`${path}/continue`)
    expect(body).toMatchObject({ jobId: `${upgradeId}-1` })
    const rest = agents.filter((agent) => !canary.some((one) => one.agent === agent))
    for (const agent of rest) await agent.upgrade()

    await ended(operator, upgradeId, { status: 'completed', completed: 2 })
    await eventually(
      () => standingOf(`${upgradeId}-${generation}`),
      (standing) => expect(standing).toBe('SUCCEEDED'),
    )
    const story = await storyOf(operator, upgradeId)
    expect(story.filter(({ type }) => type === 'ExecutionEnded').map(({ data }) => data)).toEqual(
      [1, 2, 3, 4, 5].map((number) => ({
        ...{ generation: number, status: 'ABORTED', cause: 'ByHand: stopped by hand' },
      })),
    )
    // Nothing was done twice for all that.
    const started = story.filter(({ type }) => type === 'WaveStarted').map(({ data }) => data.wave)
    expect(started).toEqual([1, 2])
    expect(await operator.read(path)).toMatchObject({ jobId: `${upgradeId}-1`, generation })
    expect(await operator.read(`/api/queue/jobs/${upgradeId}-1`)).toMatchObject({ state: 'completed' })
  })
})
