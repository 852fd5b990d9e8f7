import { type UpgradeEvent, upgradeEvents } from '../../events/upgrade.ts'
import { Replay } from '../../functions/domain/upgrade/replay.ts'
import type { World } from './world.ts'

/** Where an upgrade stopped for the first time, as its own log says. */
function stopIn(event: UpgradeEvent): string | undefined {
  if (event.type === 'ThresholdBreached') {
    const { kind, wave, count, allowed } = event.data
    return `${kind} after ${wave}: ${count} of ${allowed}`
  }
  if (event.type === 'GateEvaluated' && event.data.result !== 'passed') return `gate after ${event.data.wave}`
  return undefined
}

/** N4: an upgrade under its own rules replays to itself. Returns those that do not. */
export function differingReplays({ commits }: Pick<World, 'commits'>): string[] {
  const byStream = Map.groupBy(commits, ({ stream }) => stream)
  const upgrades = [...byStream].filter(([stream]) => stream.startsWith('upgrade#'))
  const found: string[] = []
  for (const [id, told] of upgrades) {
    const replay = new Replay({})
    let stopped: string | undefined
    for (const { commit, at, actor, events } of told)
      for (const { type, schema, data } of events) {
        const event = upgradeEvents.decode(type, schema, JSON.parse(data))
        stopped ??= stopIn(event)
        replay.hear(event, { commit, at, actor })
      }
    const { stop } = replay.end()
    const own =
      stop &&
      (stop.kind === 'gate'
        ? `gate after ${stop.wave}`
        : `${stop.kind} after ${stop.wave}: ${stop.count} of ${stop.allowed}`)
    if ((own ?? undefined) !== stopped) found.push(`N4: ${id} stopped at ${stopped}, and replays to ${own}`)
  }
  return found
}
