import { partsOf } from '../../events/stream.ts'
import { after, hour, instantOf, minute } from '../../events/time.ts'
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
import { keepFigures } from './profiles/figures.ts'
import {
  type Asking,
  asking,
  type Found,
  heldFor,
  type Round,
  roundFrom,
  streamsAfter,
  whatToDo,
} from './round.ts'

interface Services extends HealingServices {
  readonly parked: Parked
  readonly viewStore: ViewStore
  /** How far the round has come that is under way. */
  readonly progress: Progress
  /** Waits for so many milliseconds; left out: as the machine's clock says. */
  pause?(milliseconds: number): Promise<unknown>
}

/** How a round stands, or what the last one has found. */
interface Report extends Pick<Round, 'began' | 'stage' | 'version' | 'calendarsRunningOut'>, Found {
  /** The stream that it came to; null: it is at the beginning, or the end, of its stage. */
  readonly through: string | null
}

/** Returns the names of the calendars that somebody has to define anew soon, or has failed to. */
async function calendarsRunningOut(log: Log, at: string): Promise<string[]> {
  const names: string[] = []
  for await (const { id } of log.streams(policyAggregate)) {
    const name = calendarOfPolicy(id)
    if (name === undefined) continue
    const { calendar } = (await log.load(policyAggregate, id)).state
    if (calendar && runsOut(calendar, at)) names.push(name)
  }
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

/** Looks after one page of streams, and returns how far the round is then. */
async function turnPage(
  services: Services,
  round: Round,
  page: readonly ListedStream[],
  each: OnTheirOwn,
): Promise<Round> {
  const { log, viewStore: store, parked } = services
  const failedBefore = each.failed
  const version = round.stage === 'fill' && round.version !== null ? { version: round.version } : {}
  const rows = await reconcile({ store, log, parked }, { streams: page, each, ...version })
  const missed = round.stage === 'fill' ? 0 : await makeGood(services, page, causeOf(round), each)
  const { found } = round
  const of = (name: string) => page.filter(({ stream }) => partsOf(stream).kind === name).length
  const counts = round.stage === 'fill' ? 0 : 1
  return {
    ...round,
    after: page.at(-1) ?? round.after,
    found: {
      streams: found.streams + counts * rows.streams,
      healed: found.healed + rows.healed,
      drift: found.drift + rows.drift,
      drifted: [...found.drifted, ...rows.drifted].slice(0, namedAtMost),
      parked: found.parked + rows.parked,
      upgrades: found.upgrades + counts * of(upgradeAggregate.name),
      profiles: found.profiles + counts * of(profileAggregate.name),
      missed: found.missed + missed,
      failed: found.failed + each.failed - failedBefore,
    },
  }
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
  return { ...round, stage: 'over', calendarsRunningOut: await calendarsRunningOut(log, instantOf(now())) }
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
 * Goes on with the round that is under way, or begins one where it is asked for or due, and returns how it stands then; undefined: there was nothing to do.
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
  const todo = whatToDo(known && roundFrom(known.body), asked, instantOf(began))
  if ('leave' in todo) return { round: todo.leave, idle: true }
  let round = todo.goOn
  let writes = known?.writes ?? 0
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

function reportOf({ heldUntil: _, rebuild: __, found, after, ...round }: Round): Report {
  return { ...round, ...found, through: after?.stream ?? null }
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
