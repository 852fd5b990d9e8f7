import { upgradeEvents } from '../../events/upgrade.ts'
import { openLog } from '../../functions/log/dynamo.ts'
import { rollOut } from './rollout.ts'
import { settleFleet } from './settled-fleet.ts'
import { openWorld } from './world.ts'

const size = 200
const parallel = 8

/** What an upgrade in which every target fails admitted after its failures had passed the threshold. */
export interface Overshoot {
  readonly admitted: number
  readonly failed: number
  readonly admittedAfter: number
}

/** Lets everything fail, a few in flight at a time, and reads in the log what was admitted when. */
export async function overshootOf(): Promise<Overshoot> {
  const world = await openWorld({ metered: true })
  try {
    await settleFleet(world, size, ['v1.1.0', 'v1.2.0'])
    const { id } = await rollOut(world, size, {
      from: 'v1.1.0',
      to: 'v1.2.0',
      gateway: null,
      atOnce: parallel,
      waves: 2,
      failing: true,
      parallel,
    })
    const log = openLog({ client: world.dynamo, table: world.tables.log, now: Date.now })
    const found = { admitted: 0, failed: 0, admittedAfter: 0 }
    let breached = false
    for await (const commit of log.commits(`upgrade#${id}`, { consistent: true })) {
      for (const { type, schema, data } of commit.events) {
        const event = upgradeEvents.decode(type, schema, JSON.parse(data))
        if (event.type === 'OutcomesRecorded')
          found.failed += event.data.outcomes.filter(({ outcome }) => outcome === 'failed').length
        if (event.type === 'ThresholdBreached') breached = true
        if (event.type !== 'TargetsAdmitted') continue
        const count = event.data.members.reduce((sum, [from, to]) => sum + to - from, 0)
        found.admitted += count
        if (breached) found.admittedAfter += count
      }
    }
    if (!breached) throw new Error('Everything failed, and no threshold was passed.')
    return found
  } finally {
    await world.stop()
  }
}
