import * as z from 'zod'
import { partsOf, streamKinds } from '../../events/stream.ts'
import { between, day, minute } from '../../events/time.ts'
import type { ListedStream, Log } from '../log/log.ts'
import { haveCome, type Letters } from './letters.ts'

/** What a round has found so far. */
const found = z.object({
  streams: z.int(),
  /** Rows that were missing or behind and are right now. */
  healed: z.int(),
  /** Rows that the log does not account for; must be 0. */
  drift: z.int(),
  /** The first of them, as `view row`. */
  drifted: z.array(z.string()),
  /** Streams that cannot be projected, and were parked. */
  parked: z.int(),
  upgrades: z.int(),
  profiles: z.int(),
  /** How much the reactor had missed, as far as that can be told: members, executions, events that nobody was told of. */
  missed: z.int(),
  /** Streams that could not be looked after; the errors of the invocations name them. */
  failed: z.int(),
})
export type Found = z.infer<typeof found>

const nothingFound: Found = {
  ...{ streams: 0, healed: 0, drift: 0, drifted: [], parked: 0 },
  ...{ upgrades: 0, profiles: 0, missed: 0, failed: 0 },
}

/** One round through all streams of the log, which invocations take turns at. */
const round = z.object({
  began: z.string(),
  /**
   * `fill`: a new version of the views is being filled. `walk`: rows are compared, and what was missed is made good. `sums`: what is summed over everything
   * is counted. `over`: it is done.
   */
  stage: z.enum(['fill', 'walk', 'sums', 'over']),
  /** The version of the views that is, or was, built anew; null: nobody asked for that, or it has not begun. */
  version: z.string().nullable(),
  rebuild: z.boolean(),
  /** The stream after which it goes on; null: it is at the beginning of its stage. */
  after: z.object({ stream: z.string(), since: z.string() }).nullable(),
  found,
  /** The first of the streams that could not be looked after. Once it is over they are tried at each invocation. */
  failing: z.array(z.object({ stream: z.string(), id: z.string(), since: z.string() })).default([]),
  /** How many dead letters each queue held when it began, by its name; fewer since a purge. A round of before says nothing: any letter is more. */
  letters: z.record(z.string(), z.int()).default({}),
  /** Until then an invocation is at work, unless it was killed. */
  heldUntil: z.string(),
  /** The calendars that somebody has to define anew soon; known when it is over. */
  calendarsRunningOut: z.array(z.string()),
})
export type Round = z.infer<typeof round>

/** Reads a round as it was noted. */
export function roundFrom(body: string): Round {
  return round.parse(JSON.parse(body))
}

/** What somebody asks for; the clock asks for nothing. */
export const asking = z.object({
  /** Begins a round, whenever the last one was. */
  start: z.boolean().optional(),
  /** Begins one that makes the views anew first. */
  rebuild: z.boolean().optional(),
})
export type Asking = z.infer<typeof asking>

/** A round begins so long after the one before, in milliseconds, where nothing asks for one earlier. */
const roundEvery = day

/** An invocation that has noted nothing for so long, in milliseconds, was killed: a page takes seconds. */
export const heldFor = 5 * minute

/** A round is under way that does not do what was asked for. */
class RoundUnderWay extends Error {
  override readonly name = 'RoundUnderWay'
  constructor({ began, after }: Round) {
    super(
      `A round that does not rebuild is under way since ${began}, and is at ${after?.stream ?? 'its beginning'}. Ask for the rebuild again when it is over.`,
    )
  }
}

/** What an invocation is to do: go on with a round, or leave it, since another is at it or none is due. */
export type ToDo = { readonly goOn: Round } | { readonly leave: Round }

/**
 * Returns what an invocation is to do. A round is due a day after the last one began, and where
 * dead letters have come since. `held`: how many there are, of the queues that could be asked. Throws RoundUnderWay.
 */
export function whatToDo(
  known: Round | undefined,
  { start = false, rebuild = false }: Asking,
  now: string,
  held: Letters,
): ToDo {
  if (!known || known.stage === 'over') {
    const letters = { ...known?.letters, ...held }
    const isDue =
      start || rebuild || !known || between(known.began, now) >= roundEvery || haveCome(held, known.letters)
    return isDue ? { goOn: begun(now, letters, rebuild) } : { leave: { ...known, letters } }
  }
  if (rebuild && !known.rebuild) throw new RoundUnderWay(known)
  return known.heldUntil > now ? { leave: known } : { goOn: known }
}

/** Returns a round that begins now, with so many dead letters. */
export function begun(now: string, letters: Letters, rebuild = false): Round {
  const stage = rebuild ? 'fill' : 'walk'
  const places = { version: null, rebuild, after: null, found: nothingFound, failing: [] }
  return { began: now, stage, heldUntil: now, ...places, letters, calendarsRunningOut: [] }
}

/** Upgrades and profiles come first, since people wait for them; targets last, since they are many. */
const order = [
  'upgrade',
  'profile',
  ...streamKinds.filter((kind) => kind !== 'upgrade' && kind !== 'profile' && kind !== 'target'),
  'target',
]

/** Yields the listed streams of the log in the order of a round, after one of them, or from the beginning. */
export async function* streamsAfter(
  log: Pick<Log, 'streams'>,
  after: Round['after'],
): AsyncGenerator<ListedStream> {
  const first = after ? order.indexOf(partsOf(after.stream).kind) : 0
  for (const [place, name] of order.slice(first).entries())
    yield* log.streams({ name }, place === 0 && after ? after : undefined)
}
