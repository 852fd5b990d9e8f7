import type { Outcome } from './log.ts'

/** Others kept winning: whoever asked has to ask again, with the same cause. */
class Contended extends Error {
  override readonly name = 'Contended'
}

/**
 * Returns the state after a command that follows from a fact: a refusal is an answer too, since somebody else may have done what was to
 * be done. Throws Contended when nothing was decided.
 */
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
