import type { World } from './world.ts'

/** Answers a second in one round: to agents that ask, and to whoever asks whether the runtime is there. */
export interface PollRate {
  readonly polls: number
  readonly bare: number
}

/** So many requests a round. */
const polls = 960
const atOnce = 32

/**
 * Measures how many polls a second of these targets one machine answers, through its gateway and the deployed functions, beside requests of the same form
 * which no authorizer and no log is asked about.
 */
export async function pollRates(
  world: World,
  targets: readonly string[],
  rounds = 5,
): Promise<readonly PollRate[]> {
  const times = Math.ceil(polls / targets.length)
  const rate = async (bare: boolean) => {
    const done = await world.work({ kind: 'poll', targets, times, bare, atOnce })
    return done.polls / done.seconds
  }
  // The first poll of each asks the authorizer, and loads what is loaded once.
  await rate(false)
  await rate(true)
  const measured: PollRate[] = []
  for (let round = 0; round < rounds; round++)
    measured.push({ polls: await rate(false), bare: await rate(true) })
  return measured
}
