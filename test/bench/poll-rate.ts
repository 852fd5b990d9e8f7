import { allowances } from '../../functions/api/http/allowances.ts'
import { component, enrolTargets } from './settled-fleet.ts'
import type { World } from './world.ts'

/** Answers a second in one round: to agents that ask, and to whoever asks whether the runtime is there. */
export interface PollRate {
  readonly polls: number
  readonly bare: number
}

/** So many requests a round. */
const polls = 960
const atOnce = 32

/** Agents enough that none asks for more in all rounds than it may at once: else what is measured is how long the callers are held. */
function agentsFor(rounds: number): string[] {
  const count = Math.ceil((polls * rounds) / (allowances.agent.atOnce / 2))
  return Array.from({ length: count }, (_, number) => `asks_${String(number + 1).padStart(4, '0')}`)
}

/**
 * Measures how many polls a second one machine answers, through its gateway and the deployed functions, beside requests of the same form which no
 * authorizer and no log is asked about.
 */
export async function pollRates(world: World, rounds = 5): Promise<readonly PollRate[]> {
  // The first poll of each asks the authorizer, and loads what is loaded once.
  const targets = agentsFor(rounds + 1)
  const components = { [component]: 'v1.1.0' }
  await enrolTargets(
    world,
    targets.map((id) => ({ id, type: 'customer-instance', components })),
  )
  const times = Math.ceil(polls / targets.length)
  const rate = async (bare: boolean) => {
    const done = await world.work({ kind: 'poll', targets, times, bare, atOnce })
    return done.polls / done.seconds
  }
  await rate(false)
  await rate(true)
  const measured: PollRate[] = []
  for (let round = 0; round < rounds; round++)
    measured.push({ polls: await rate(false), bare: await rate(true) })
  return measured
}
