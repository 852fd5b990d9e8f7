import { isDeepStrictEqual } from 'node:util'
import { partsOf } from '../../events/stream.ts'
import { after, hour, instantOf, minute } from '../../events/time.ts'
import type { DeadLetters } from '../dead-letters.ts'
import { systemActor } from '../domain/actor.ts'
import { runsOut } from '../domain/policy/calendar.ts'
import { calendarOfPolicy, policyAggregate } from '../domain/policy/policy.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import type { ListedStream, Log, Metadata } from '../log/log.ts'
import { emitMetrics } from '../metrics.ts'
import { atOnce } from '../patience.ts'
import { OnTheirOwn } from '../side-by-side.ts'
import { PointerMoved } from '../views/pointer.ts'
import { beginRebuild, endRebuild, RebuildFailed } from '../views/rebuild.ts'
import { namedAtMost, reconcile } from '../views/reconcile.ts'
import type { ViewStore } from '../views/store.ts'
import type { Parked } from '../work/parked.ts'
import type { Progress } from '../work/progress.ts'
import { type Healer, type HealingServices, lookAt } from './healer.ts'
import { everyHealer } from './healers.ts'
import { lettersHeld } from './letters.ts'
import { keepFigures } from './profiles/figures.ts'
import {
  type Asking,
  asking,
  begun,
  type Found,
  heldFor,
  type Round,
  roundFrom,
  streamsAfter,
  type ToDo,
  whatToDo,
} from './round.ts'

interface Services extends HealingServices {
  readonly parked: Parked
  readonly viewStore: ViewStore
  /** How far the round has come that is under way. */
  readonly progress: Progress
  /** Where lies what a round makes good. */
  readonly deadLetters: DeadLetters
  /** Waits for so many milliseconds; left out: as the machine's clock says. */
  pause?(milliseconds: number): Promise<unknown>
}

/** How a round stands, or what the last one has found. */
interface Report extends Pick<Round, 'began' | 'stage' | 'version' | 'calendarsRunningOut'>, Found {
  /** The stream that it came to; null: it is at the beginning, or the end, of its stage. */
  readonly through: string | null
}

/** Returns the names of the calendars that somebody has to define anew soon, or has failed to. One that cannot be read is left out: `each` has it. */
async function calendarsRunningOut(log: Log, at: string, each: OnTheirOwn): Promise<string[]> {
  const names: string[] = []
  const look = async ({ id }: ListedStream) => {
    const name = calendarOfPolicy(id)
    if (name === undefined) return
    const { calendar } = (await log.load(policyAggregate, id)).state
    if (calendar && runsOut(calendar, at)) names.push(name)
  }
  await each.each(log.streams(policyAggregate), 1, look, ({ stream }) => stream)
  return names.sort()
}

/** Lets every healer look through these streams, those of its aggregate. Returns how much was missed. */
async function makeGood(
  services: HealingServices,
  streams: Iterable<ListedStream> | AsyncIterable<ListedStream>,
  cause: Metadata,
  each: OnTheirOwn,
): Promise<number> {
  const healers = Map.groupBy(everyHealer(), ({ aggregate }) => aggregate)
  let missed = 0
  const heal = async (listed: ListedStream) => {
    const stream = lookAt(services, listed, cause)
    // One that fails keeps no other from looking at the same stream.
    const healing = new OnTheirOwn()
    const look = async (healer: Healer) => {
      missed += await healer.heal(services, stream)
    }
    await healing.each(healers.get(partsOf(listed.stream).kind) ?? [], 1, look, () => listed.stream)
    healing.end()
  }
  await each.each(streams, atOnce.upgrades, heal, ({ stream }) => stream)
  return missed
}

/** So many streams are looked after before it is noted how far the round has come: a second's work. */
const pageSize = 200
/** So long an invocation goes on, in milliseconds: what is left of its time is enough for the sums. The next one takes over. */
const patience = 10 * minute

function causeOf({ began }: Round): Metadata {
  return { actor: systemActor, correlation: `reconcile-${began}` }
}

/** So many streams that could not be looked after are tried again by themselves. */
const failingAtMost = 20

/** Looks after streams, and returns the round with what was found, how many of them feed views, and those that could not be looked after. */
async function lookAfter(
  services: Services,
  round: Round,
  streams: readonly ListedStream[],
  each: OnTheirOwn,
): Promise<{ readonly round: Round; readonly feeding: number; readonly failing: readonly ListedStream[] }> {
  const { log, viewStore: store, parked } = services
  const failedBefore = each.failed.length
  const version = round.stage === 'fill' && round.version !== null ? { version: round.version } : {}
  const rows = await reconcile({ store, log, parked }, { streams, each, ...version })
  const missed = round.stage === 'fill' ? 0 : await makeGood(services, streams, causeOf(round), each)
  const failed = new Set(each.failed.slice(failedBefore))
  const { found } = round
  return {
    round: {
      ...round,
      found: {
        ...found,
        healed: found.healed + rows.healed,
        drift: found.drift + rows.drift,
        drifted: [...found.drifted, ...rows.drifted].slice(0, namedAtMost),
        parked: found.parked + rows.parked,
        missed: found.missed + missed,
      },
    },
    feeding: rows.streams,
    failing: streams.filter(({ stream }) => failed.has(stream)),
  }
}

/** Looks after one page of streams, and returns how far the round is then. */
async function turnPage(
  services: Services,
  round: Round,
  page: readonly ListedStream[],
  each: OnTheirOwn,
): Promise<Round> {
  const looked = await lookAfter(services, round, page, each)
  const turned = { ...looked.round, after: page.at(-1) ?? round.after }
  // The walk comes to the same streams.
  if (round.stage === 'fill') return turned
  const { found } = turned
  const of = (name: string) => page.filter(({ stream }) => partsOf(stream).kind === name).length
  return {
    ...turned,
    failing: [...round.failing, ...looked.failing].slice(0, failingAtMost),
    found: {
      ...found,
      streams: found.streams + looked.feeding,
      upgrades: found.upgrades + of(upgradeAggregate.name),
      profiles: found.profiles + of(profileAggregate.name),
      failed: found.failed + looked.failing.length,
    },
  }
}

/**
 * Looks once more after the streams that a round could not look after, as far as it has named them, and returns how it stands then, or the round that is to
 * begin: where one of them is well again, so are those that it has not named. While all of them fail, and for those that always do, none begins.
 */
async function tryAgain(services: Services, over: Round): Promise<Round> {
  if (over.failing.length === 0) return over
  const each = new OnTheirOwn()
  const { round, failing } = await lookAfter(services, over, over.failing, each)
  if (failing.length === over.failing.length) return over
  const failed = over.found.failed - over.failing.length + failing.length
  if (failed > failing.length) return begun(instantOf(services.now()), over.letters)
  return { ...round, failing: [...failing], found: { ...round.found, failed } }
}

/** Returns what an invocation is to do. Where no round is under way, it looks first at what may be a reason to begin one. */
async function toDo(
  services: Services,
  last: Round | undefined,
  asked: Asking,
  each: OnTheirOwn,
): Promise<ToDo> {
  const now = instantOf(services.now())
  if (last && last.stage !== 'over') return whatToDo(last, asked, now, {})
  const todo = whatToDo(last, asked, now, await lettersHeld(services, each))
  if ('goOn' in todo) return todo
  const tried = await tryAgain(services, todo.leave)
  return tried.stage === 'over' ? { leave: tried } : { goOn: tried }
}

/** Takes a round whose present stage has gone through all streams, or has none to go through, to its next stage. */
async function nextStage(services: Services, round: Round, each: OnTheirOwn): Promise<Round> {
  const { log, viewStore, now } = services
  if (round.stage === 'fill') {
    await endRebuild(viewStore, round.version ?? '', round.found)
    return { ...round, stage: 'walk', after: null }
  }
  if (round.stage === 'walk') return { ...round, stage: 'sums', after: null }
  await each.each(
    ['the figures'],
    1,
    () => keepFigures(services),
    (name) => name,
  )
  return {
    ...round,
    stage: 'over',
    calendarsRunningOut: await calendarsRunningOut(log, instantOf(now()), each),
  }
}

/** Does a part of a round: a page, or what comes after the last one. `streams` are those that are left of its stage. */
async function goOn(
  services: Services,
  round: Round,
  streams: AsyncIterator<ListedStream>,
  size: number,
  each: OnTheirOwn,
): Promise<Round> {
  if (round.stage === 'fill' && round.version === null)
    return { ...round, version: await beginRebuild(services.viewStore, services.pause) }
  if (round.stage === 'sums') return nextStage(services, round, each)
  const page = await take(streams, size)
  const turned = page.length > 0 ? await turnPage(services, round, page, each) : round
  return page.length < size ? nextStage(services, turned, each) : turned
}

async function take(streams: AsyncIterator<ListedStream>, count: number): Promise<ListedStream[]> {
  const taken: ListedStream[] = []
  while (taken.length < count) {
    const next = await streams.next()
    if (next.done === true) break
    taken.push(next.value)
  }
  return taken
}

/**
 * Goes on with the round that is under way, or begins one where it is asked for or due, and returns how it stands then; `idle`: none was gone on with.
 * After each page it is noted how far it has come: killed at any point, or out of time, the next invocation goes on there. Of two at a time one
 * notes each page, and the other stops. Throws RoundUnderWay, RebuildFailed and PointerMoved; what failed by itself `each` has by its name.
 */
export async function goRound(
  services: Services,
  asked: Asking,
  each: OnTheirOwn,
  { size = pageSize, forSoLong = patience } = {},
): Promise<{ readonly round: Round; readonly idle: boolean }> {
  const { log, now, progress } = services
  const began = now()
  const known = await progress.read()
  const last = known && roundFrom(known.body)
  const todo = await toDo(services, last, asked, each)
  let writes = known?.writes ?? 0
  if ('leave' in todo) {
    if (!isDeepStrictEqual(todo.leave, last)) await progress.note(JSON.stringify(todo.leave), writes)
    return { round: todo.leave, idle: true }
  }
  let round = todo.goOn
  const note = async (next: Round): Promise<boolean> => {
    const held = after(instantOf(now()), next.stage === 'over' ? 0 : heldFor)
    const noted = await progress.note(JSON.stringify({ ...next, heldUntil: held }), writes)
    if (!noted) return false
    round = next
    writes = noted.writes
    return true
  }
  if (!(await note(round))) return { round, idle: true }
  let streams: AsyncIterator<ListedStream> | undefined
  while (round.stage !== 'over' && now() - began < forSoLong) {
    streams ??= streamsAfter(log, round.after)[Symbol.asyncIterator]()
    const { stage } = round
    try {
      // Whoever was faster goes on.
      if (!(await note(await goOn(services, round, streams, size, each)))) return { round, idle: false }
    } catch (error) {
      if (error instanceof RebuildFailed || error instanceof PointerMoved)
        await note({ ...round, stage: 'over' })
      throw error
    }
    if (round.stage !== stage) streams = undefined
  }
  if (round.stage !== 'over')
    await progress.note(JSON.stringify({ ...round, heldUntil: instantOf(now()) }), writes)
  return { round, idle: false }
}

function reportOf({ began, stage, version, calendarsRunningOut, found, after }: Round): Report {
  return { began, stage, version, calendarsRunningOut, ...found, through: after?.stream ?? null }
}

/**
 * Brings views, and all that the reactor should have done, to where the log is: in a round a day, or begun by hand (`{"start": true}`, or `{"rebuild": true}`
 * for views made anew), which as many invocations take turns at as it takes. Where nothing was missed it changes nothing. Throws SomeFailed,
 * which names what could not be looked after, when everything else was.
 */
export async function reconcileAll(services: Services, event: unknown): Promise<Report> {
  const asked = asking.safeParse(event)
  const each = new OnTheirOwn()
  const { round, idle } = await goRound(services, asked.success ? asked.data : {}, each)
  await each.each(
    ['the upgrades that are held'],
    1,
    async () => {
      const { views, now } = services
      emitMetrics(now(), { HeldForAnHour: await views.heldSince(after(instantOf(now()), -hour)) })
    },
    (name) => name,
  )
  const report = reportOf(round)
  if (idle) {
    each.end()
    return report
  }
  if (round.stage === 'over') {
    const { calendarsRunningOut: calendars, drift } = report
    const metrics = { ViewDrift: drift, CalendarsRunningOut: calendars.length }
    emitMetrics(services.now(), metrics, { calendars: calendars.join(', ').slice(0, 1000) })
  }
  console.log(report)
  each.end()
  return report
}
