import type { Call } from './api.ts'
import type { Fleet, Running } from './fleets.ts'
import type { Options } from './options.ts'
import type { Screen } from './screen.ts'

/** What the demo upgrades, and from which version to which. */
export const [component, before, after] = ['api', 'v1.1.0', 'v1.2.0']

/** The people, the fleets and the screen of the demo. */
export interface Scene {
  readonly options: Options
  readonly screen: Screen
  readonly operator: Call
  readonly second: Call
  readonly fleets: readonly Fleet[]
}

/** Asks every instance what it runs; those of a process that is gone do not answer. */
export async function ask(fleets: readonly Fleet[]): Promise<Running[]> {
  return (await Promise.all(fleets.map((fleet) => fleet.ask()))).flatMap((answer) => answer ?? [])
}
