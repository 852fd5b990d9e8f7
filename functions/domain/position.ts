import { between, day, second } from '../../events/time.ts'

/** Where something stands that executions of a state machine drive: the state machine routes by the move. */
export interface Position<Move extends string = string> {
  readonly move: Move | 'superseded'
  /** Which of several it is about: of an upgrade the wave. */
  readonly place: number
  /** How long a wait here may take, in seconds: beyond its expected end, so that a time-out only means "ask again". */
  readonly timeoutSeconds: number
}

/** Step Functions takes no time-out beyond a year (AWS); nobody needs an answer later than that. */
const longestWait = (365 * day) / second
/** A wait whose end only a person or a target can bring is asked about once a week. */
const week = (7 * day) / second

/** Returns the seconds until an instant, in whole ones and within what Step Functions takes; a week where there is no instant. */
export function secondsUntil(instant: string | null, now: string): number {
  if (instant === null) return week
  return Math.max(1, Math.min(longestWait, Math.ceil(between(now, instant) / second)))
}

/** Do two positions mean the same move in the same place? */
export function samePlace(
  left: Pick<Position, 'move' | 'place'>,
  right: Pick<Position, 'move' | 'place'>,
): boolean {
  return left.move === right.move && left.place === right.place
}
