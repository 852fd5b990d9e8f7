import { targetAggregate } from '../domain/target/aggregate.ts'
import { endsAttempt } from '../domain/target/outcome.ts'
import type { TargetState } from '../domain/target/state.ts'
import { type AttemptEvent, type AttemptStory, attemptEventTypes, toldOn } from '../domain/target/story.ts'
import type { Loaded, Log, Told } from '../log/log.ts'

/** So many commits from the end of a stream are looked at first; an attempt that is longer takes more of them. */
const firstLook = 100
/** An attempt that was asked to wait for days may have more events than anybody reads: the oldest are left out. */
const eventsAtMost = 2000

/** The last attempt on a target that was offered to it, event by event. */
export interface ToldAttempt {
  readonly story: AttemptStory
  readonly events: readonly Told<AttemptEvent>[]
  /** So many events after the first are not among them. */
  readonly leftOut: number
}

/** Returns the attempt that people mean: the one under way, or the last that was not given back before it could begin. */
function meantBy({ active, attempts }: TargetState): string | undefined {
  const offered = attempts.findLast(({ outcome }) => endsAttempt(outcome))
  return active?.attempt ?? offered?.attempt
}

/** Returns the last attempt on a target; undefined: there was none. */
export async function lastAttempt(
  log: Log,
  target: string,
  loaded: Pick<Loaded<TargetState>, 'state' | 'commit'>,
): Promise<ToldAttempt | undefined> {
  const attempt = meantBy(loaded.state)
  return attempt === undefined ? undefined : attemptOn(log, target, loaded, attempt)
}

/** Returns one attempt on a target, read from the end of its stream; undefined: it was never offered. */
export async function attemptOn(
  log: Log,
  target: string,
  { commit }: Pick<Loaded<TargetState>, 'commit'>,
  attempt: string,
): Promise<ToldAttempt | undefined> {
  for (let look = firstLook; ; look *= 4) {
    const from = Math.max(1, commit - look + 1)
    const events: Told<AttemptEvent>[] = []
    let [story, leftOut]: [AttemptStory | undefined, number] = [undefined, 0]
    const range = { from, to: commit, consistent: true }
    for await (const told of log.of(targetAggregate, target).events(range, attemptEventTypes)) {
      if (told.event.data.attempt !== attempt) continue
      story = toldOn(story, told.event, told.at)
      events.push(told)
      if (events.length > eventsAtMost) leftOut += events.splice(1, 1).length
    }
    if (story) return { story, events, leftOut }
    if (from === 1) return undefined
  }
}
