import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '../connection/refusal.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import type { Given } from '../given.ts'
import type { Session, Work } from '../session.ts'
import { LatestForecast } from './forecast.ts'
import { type Decision, decisionOn } from './holds.ts'
import { type Line, linesOf } from './shown.ts'
import { codeOf, type Stood, standingOf } from './standing.ts'
import { again, type Subject, subjectOf } from './subject.ts'

/** In milliseconds: between two looks at a run that goes on, and at one that waits for somebody. */
const between = { runs: 1000, waits: 3000 } as const

/** Watches a run, and ends with the code that says where it stands. */
export const watch: Work = (session, given) => watchRun(session, given, given.word(0))

/**
 * Watches a run until it is over, or stands as `--until` says; `seen` is the commit of a write to it, which no look falls behind. `beginsLater`: it was asked for,
 * and is there as soon as what it follows has come to its end.
 */
async function watchRun(
  session: Session,
  given: Given,
  id: string,
  seen?: string | null,
  { beginsLater = false } = {},
): Promise<ExitCode> {
  const { api, surroundings } = session
  const until = given.text('until')
  const timeout = given.number('timeout')
  const ending = timeout === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeout * 1000
  const picture = new Picture(session)
  const leave = () => session.console.note(`It goes on, unwatched. Next: drydock watch ${id}`)
  surroundings.signal.addEventListener('abort', leave, { once: true })
  /** Where it stands is read with it: a rollback of it may be asked, too. */
  const look = async (read: Promise<Subject>) => {
    const subject = await read
    return { subject, stood: await standingOf(api, subject) }
  }
  const first = () => look(onceThere(session, () => subjectOf(api, id, { seen }), beginsLater ? ending : 0))
  // Who has just begun it is told of an outage only once it lasts; who asks for it by hand, at once.
  let { subject, stood } = await (seen === undefined ? first() : patiently(session, first))
  for (;;) {
    const { standing } = stood
    const isOver = standing !== 'runs' && standing !== 'waits'
    const isLast = isOver || standing === until
    await picture.show(subject, stood, isLast)
    if (isLast) {
      surroundings.signal.removeEventListener('abort', leave)
      return codeOf(standing)
    }
    if (performance.now() >= ending) {
      session.console.note(`It goes on; the time for watching is over. Next: drydock watch ${id}`)
      return exitCodes.timeout
    }
    await sleep(Math.min(between[standing], Math.max(0, ending - performance.now())), undefined, {
      signal: surroundings.signal,
    })
    const before = subject
    ;({ subject, stood } = await patiently(session, () => look(again(api, before, seen))))
  }
}

/** What a write to a run was answered. */
export interface Written {
  readonly id: string
  readonly body: unknown
  readonly commit: string | null
}

/**
 * Says what a write was answered, as JSON or by `say`, and watches the run where any option of watching is given; else it says by which command that is done.
 */
export async function toldOrWatched(
  session: Session,
  given: Given,
  { id, body, commit }: Written,
  say: () => void,
  {
    forOthers = false,
    beginsLater = false,
  }: { readonly forOthers?: boolean; readonly beginsLater?: boolean } = {},
): Promise<ExitCode> {
  const { console, json } = session
  const isWatched =
    given.has('watch') || given.text('until') !== undefined || given.number('timeout') !== undefined
  if (json) console.json(body, isWatched ? 0 : 2)
  else say()
  if (isWatched) return watchRun(session, given, id, commit, { beginsLater })
  if (!json) {
    // Whoever asks for a run does not approve it.
    if (forOthers) console.say(`Somebody else: drydock approve ${id}`, 'quiet')
    console.say(`Next: drydock watch ${id}`, 'quiet')
  }
  return exitCodes.done
}

/** In milliseconds: what follows a run begins within a quarter of an hour, whatever is in flight there. */
const longestBeginning = 20 * 60_000

/** Reads until the run is there, as long as that is waited for; `ending` is on the clock of `performance`. Throws the refusal after that. */
async function onceThere(
  { console, surroundings }: Session,
  read: () => Promise<Subject>,
  ending: number,
): Promise<Subject> {
  const last = Math.min(ending, performance.now() + longestBeginning)
  for (let attempt = 1; ; attempt++) {
    try {
      return await read()
    } catch (error) {
      const isMissing = error instanceof Refusal && error.problem.code === 'upgrade-not-found'
      if (!isMissing || performance.now() >= last) throw error
      if (attempt === 1) console.note('It begins as soon as what it follows is over.')
      await sleep(between.runs, undefined, { signal: surroundings.signal })
    }
  }
}

/** In milliseconds: a server that does not answer for so long is not waited for any more. */
const longestOutage = 10 * 60_000

/** Reads until there is an answer: a run goes on while its server is being exchanged, and so does who watches it. */
async function patiently<Value>(
  { console, surroundings }: Session,
  read: () => Promise<Value>,
): Promise<Value> {
  const began = performance.now()
  for (let attempt = 1; ; attempt++) {
    try {
      return await read()
    } catch (error) {
      const isOutage = error instanceof Failure && error.exitCode === exitCodes.unknown
      if (!isOutage || performance.now() - began > longestOutage) throw error
      if (attempt === 1) console.note(`${error.message.replace(/\.$/, '')}. It is asked again.`)
      await sleep(between.waits, undefined, { signal: surroundings.signal })
    }
  }
}

/** What a watch shows: drawn in place on a terminal; elsewhere the lines that have changed, so that a log stays readable. */
class Picture {
  readonly #session: Session
  readonly #forecast: LatestForecast
  #before: ReadonlySet<string> = new Set()
  #asked = ''
  #decision: Decision | undefined

  constructor(session: Session) {
    this.#session = session
    this.#forecast = new LatestForecast(session.api)
  }

  /** Who may decide is asked once for each thing that is to be decided. */
  async #decisionOn(subject: Subject): Promise<Decision | undefined> {
    const holds = subject.run.holds.map(({ code, since }) => `${code} ${since}`).join()
    if (holds !== this.#asked) this.#decision = await decisionOn(this.#session.api, subject)
    this.#asked = holds
    return this.#decision
  }

  async show(subject: Subject, stood: Stood, isLast: boolean): Promise<void> {
    const { standing } = stood
    const { console, json } = this.#session
    if (json) {
      const text = JSON.stringify(subject.run)
      if (isLast || !this.#before.has(text)) console.json({ standing, ...subject.run }, 0)
      this.#before = new Set([text])
      return
    }
    const lines: Line[] = linesOf(subject, stood, { decision: await this.#decisionOn(subject) })
    if (console.isLive && !isLast) {
      const words = await this.#forecast.of(subject)
      console.draw(words === undefined ? lines : [...lines, [`  forecast ${words}`, 'quiet']])
      return
    }
    for (const [line, tone] of lines) if (isLast || !this.#before.has(line)) console.tellLine(line, tone)
    this.#before = new Set(lines.map(([line]) => line))
  }
}
