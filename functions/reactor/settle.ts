import type { Outcome } from '../log/log.ts'

/** Others kept winning: the duty is called again with the same commit. */
class Contended extends Error {
  override readonly name = 'Contended'
}

/** Returns the state after a command of a duty; a refusal is an answer too, contention is not. */
export function settled<State, Event, Rejection>(
  stream: string,
  outcome: Outcome<State, Event, Rejection>,
): State {
  switch (outcome.kind) {
    case 'committed':
    case 'unchanged':
    case 'repeated':
    case 'rejected':
      return outcome.loaded.state
    default:
      throw new Contended(`${stream} is contended.`)
  }
}
