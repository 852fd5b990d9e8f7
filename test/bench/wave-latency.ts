import { targetEvents } from '../../events/target.ts'
import { upgradeEvents } from '../../events/upgrade.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { hearVersion } from '../../functions/domain/target/report.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { planOf } from '../../functions/domain/upgrade/state.ts'
import { planMembers } from '../../functions/facts/plan-members.ts'
import { openLog } from '../../functions/log/dynamo.ts'
import type { Log } from '../../functions/log/log.ts'
import { openViewStore } from '../../functions/views/dynamo.ts'
import { viewNames } from '../../functions/views/rows.ts'
import { existing } from '../domain/upgrade/world.ts'
import { settleFleet } from './settled-fleet.ts'
import { medianOf } from './spread.ts'
import { until, type World } from './world.ts'

/** Milliseconds in one round. */
export interface WaveLatency {
  /** From the decision of a wave's last end in its target's stream to the decision that starts the next wave. */
  readonly nextWave: number
  /** From an acknowledged append to its row (p50). */
  readonly appendToView: number
}

const perWave = 2
const appends = 15

/** Takes a small fleet through `rounds` waves and measures what lies between them. */
export async function waveLatencies(world: World, rounds = 6): Promise<readonly WaveLatency[]> {
  const log = openLog({ client: world.dynamo, table: world.tables.log, now: Date.now })
  const size = perWave * (rounds + 2)
  await settleFleet(world, size, ['v1.1.0', 'v1.2.0'])
  const { upgradeId } = await world.operator<{ upgradeId: string }>('POST', '/api/upgrades/deploy', {
    component: 'api',
    version: 'v1.2.0',
    strategy: 'batch',
    batchSize: perWave,
    targets: { types: ['customer-instance'] },
  })
  const state = async () => (await log.load(upgradeAggregate, upgradeId)).state
  const { planHash } = await until('the plan', async () => planOf(await state()) ?? undefined, 10)
  const lastEnds: number[] = []
  const views: number[] = []
  for (let wave = 0; wave * perWave < size; wave++) {
    await until(
      `wave ${wave + 1}`,
      async () => existing(await state()).standing.wave >= wave || undefined,
      10,
    )
    const members = await planMembers(log, planHash, [wave * perWave, wave * perWave + 1])
    const ids = [...members.values()].map(({ target }) => target)
    await world.work({
      kind: 'upgrade',
      members: ids.map((id) => ({ id, ends: 'completed' })),
      from: 'v1.1.0',
      to: 'v1.2.0',
      gateway: null,
      atOnce: perWave,
    })
    lastEnds.push(Math.max(...(await Promise.all(ids.map((id) => endIn(log, id))))))
    views.push(await appendToView(world, log, wave))
  }
  await until('the end', async () => existing(await state()).standing.status === 'completed' || undefined, 10)
  const starts: number[] = []
  for await (const commit of log.commits(`upgrade#${upgradeId}`)) {
    for (const { type, schema, data } of commit.events) {
      const event = upgradeEvents.decode(type, schema, JSON.parse(data))
      if (event.type === 'WaveStarted') starts[event.data.wave] = Date.parse(commit.at)
    }
  }
  // The first wave warms up, the last one has no next.
  return starts.slice(2).map((start, index) => ({
    nextWave: start - (lastEnds[index + 1] ?? Number.NaN),
    appendToView: views[index + 1] ?? Number.NaN,
  }))
}

/** Returns when a target's attempt ended, as its stream says. */
async function endIn(log: Log, target: string): Promise<number> {
  let end = Number.NaN
  for await (const commit of log.commits(`target#${target}`, { consistent: true })) {
    const ended = commit.events.some(
      ({ type, schema, data }) => targetEvents.decode(type, schema, JSON.parse(data)).type === 'AttemptEnded',
    )
    if (ended) end = Date.parse(commit.at)
  }
  return end
}

async function appendToView({ dynamo, tables }: World, log: Log, wave: number): Promise<number> {
  const rows = openViewStore({ client: dynamo, table: tables.views })
  const metadata = { actor: 'bench', correlation: 'bench' }
  const spent: number[] = []
  for (let number = 0; number < appends; number++) {
    const report = hearVersion({ component: 'agent', version: `v${wave}.${number}.0`, heard: 'report' })
    const { loaded } = (await log.execute(targetAggregate, 'gateway-1', report, metadata)) as {
      loaded: { commit: number }
    } // nobody else writes to this stream
    const appended = performance.now()
    await until(
      'the row',
      async () =>
        ((await rows.get(`v1/${viewNames.targets.partOf('gateway-1')}`, 'gateway-1'))?.commit ?? 0) >=
          loaded.commit || undefined,
      0,
    )
    spent.push(performance.now() - appended)
  }
  return medianOf(spent)
}
