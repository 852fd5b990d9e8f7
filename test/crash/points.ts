/** Every kind of durable write of the runtime: the places where it is made to die. */
export const points = [
  'log: target',
  'log: upgrade',
  'log: plan',
  'log: rollout',
  'log: profile',
  'log: window judged',
  'log: execution requested',
  'log: upgrade summarised',
  'views: put',
  'work: put',
  'work: delete',
  'engine: transaction',
  'bus: store',
  'scheduler: store',
  'schedule: create',
  'schedule: delete',
  'invocations: store',
  'checkpoints: store',
  'stream: prune',
  'clock: anchor',
] as const
export type Point = (typeof points)[number]

/** Before: nothing of the write has left the process. After: it is durable and its answer is there, but nobody has seen it. */
export const sides = ['before', 'after'] as const
export type Side = (typeof sides)[number]

/** At which write of a life the runtime dies. */
export interface FailPoint {
  readonly point: Point
  readonly side: Side
  /** The how manieth write of this kind, from 1. */
  readonly count: number
}

/** Where a runtime leaves word of its fail point, and how it is told that its functions have lost their rights. */
export interface Signs {
  /** It notes there at which fail point it dies. */
  readonly hits: string
  /** While there is such a file its functions sign with keys that nobody knows. */
  readonly withoutRights: string
}

/** How the parent tells a runtime where to die, if it is to, and which files are signs between the two. */
export const environmentOf = (
  { hits, withoutRights }: Signs,
  failPoint: FailPoint | undefined,
): Record<string, string> => ({
  CRASH_FAIL_POINT: JSON.stringify(failPoint ?? null),
  CRASH_HIT_FILE: hits,
  CRASH_RIGHTS_FILE: withoutRights,
})
