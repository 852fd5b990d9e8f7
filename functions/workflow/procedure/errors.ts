import { stateErrors } from '../../domain/procedure/machine.ts'
import { redact } from '../../redact.ts'

/** Thrown by the task of a step so that its state does not go on; by its name the state machine knows what to do. */
class StateError extends Error {
  constructor(name: string, words: string) {
    super(redact(words))
    this.name = name
    // People read the words in the execution graph; a stack would be logged at every look.
    this.stack = `${name}: ${this.message}`
  }
}

/** It is not over yet: the state machine looks again. */
export function notYet(words: string): Error {
  return new StateError(stateErrors.notYet, words)
}

/** It waits for a person. */
export function held(words: string): Error {
  return new StateError(stateErrors.held, words)
}

/** It has failed; `stopped`: and nothing more is done. */
export function stepFailed(words: string, stopped: boolean): Error {
  return new StateError(stopped ? stateErrors.stopped : stateErrors.failed, words)
}

/** Another execution has taken over, or the attempt is over. */
export function superseded(): Error {
  return new StateError(stateErrors.superseded, 'Another execution has taken over, or the attempt is over.')
}
