import { after, ask, before, type Scene } from './scene.ts'
import type { Status } from './story.ts'

interface Exposure {
  readonly waves: readonly {
    readonly wave: number
    readonly exposed: { readonly count: number; readonly limit: number }
  }[]
}

/** Tells what happened, as the log and the instances themselves say; returns whether it went as it should. */
export async function summarise(
  scene: Scene,
  upgradeId: string,
  last: Status,
  began: number,
): Promise<boolean> {
  const { screen, operator, fleets, options } = scene
  const running = await ask(fleets)
  const versions = Map.groupBy(running, ({ version }) => version)
  const exposure = await operator<Exposure>('GET', `/api/upgrades/${upgradeId}/blast-radius`)
  screen.say()
  screen.say('Summary')
  const told: [name: string, status: Status][] = [
    ['upgrade ', await operator<Status>('GET', `/api/upgrades/${upgradeId}/status`)],
  ]
  if (last.upgradeId !== upgradeId) told.push(['rollback', last])
  for (const [name, { status, completed, failed, unreachable, skipped }] of told)
    screen.say(
      `  ${name}  ${status}: ${completed} completed, ${failed} failed, ${unreachable} unreachable, ${skipped} skipped`,
    )
  for (const [version, instances] of versions)
    screen.say(`  fleet     ${instances.length} instances say they run ${version}`)
  const missing = options.size - running.length
  if (missing > 0) screen.say(`  silent    ${missing} instances do not answer: their process is gone`)
  screen.say(
    `  exposed   ${exposure.waves.map(({ wave, exposed }) => `${exposed.count} after wave ${wave}`).join(', ')}`,
  )
  const exposed = Math.max(0, ...exposure.waves.map(({ exposed: { count } }) => count))
  if (exposed < options.size)
    screen.say(`  spared    ${options.size - exposed} of ${options.size} were never given ${after}`)
  screen.say(`  took      ${((Date.now() - began) / 1000).toFixed(1)} s`)
  const expected = options.fail > 0 && last.upgradeId !== upgradeId ? before : after
  const all = versions.get(expected)?.length === options.size
  if (!all) screen.say(`  not as told: all ${options.size} instances should run ${expected}`)
  return all && last.status === 'completed'
}
