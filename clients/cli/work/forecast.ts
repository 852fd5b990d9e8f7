import type { AnswerOf } from '../../../contracts/bodies.ts'
import type { Api } from '../connection/api.ts'
import { Failure } from '../failure.ts'
import { holdPhrase } from './holds.ts'
import type { Subject } from './subject.ts'

type Forecast = AnswerOf<'planUpgrade'>['forecast']
type Answer = AnswerOf<'forecastUpgrade'> | AnswerOf<'forecastRollout'>

/** Returns a length of time in one unit. */
function inWords(seconds: number): string {
  if (seconds < 90) return `${seconds} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  if (seconds < 48 * 3600) return `${Math.round(seconds / 360) / 10} h`
  return `${Math.round(seconds / 8640) / 10} days`
}

/** Returns when a run will end, in words: with the instants, or with how long it takes where nobody knows whom it waits for how long; undefined: nothing is known. */
export function forecastWords({ ends, seconds, waitsFor }: Forecast): string | undefined {
  if (ends !== null) return `over at ${ends.likely}, from ${ends.earliest} to ${ends.latest}`
  if (seconds === null) return undefined
  const { earliest, likely, latest } = seconds
  const waits = waitsFor
    .map(({ code, times }) => `${holdPhrase(code)}${times === 1 ? '' : `, ${times} times`}`)
    .join('; ')
  if (earliest === null || likely === null || latest === null) return `no end is known: it ${waits}`
  return `${inWords(likely)} left, from ${inWords(earliest)} to ${inWords(latest)}, beside that it ${waits}`
}

/** The same of a run, with how often such forecasts came true. */
function wordsOf({ forecast, track }: Answer): string | undefined {
  const words = forecast === null ? undefined : forecastWords(forecast)
  if (words === undefined || track === null || track.judged === 0) return words
  return `${words} (${track.inside} of the last ${track.judged} forecasts came true)`
}

/** Asks when a run will end, now or as it was to be said at an instant; undefined: nothing is known, or nobody answers. It is said beside what else is, and refuses nothing. */
export async function forecastOf(api: Api, { kind, id }: Subject, at?: string): Promise<string | undefined> {
  const asked = { params: { id }, query: { at } }
  try {
    return wordsOf(
      kind === 'upgrade'
        ? await api.read('forecastUpgrade', asked)
        : await api.read('forecastRollout', asked),
    )
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

/** In milliseconds: so long a forecast that was asked for is shown. */
const lasts = 10_000

/** The forecast of a run that is looked at again and again, asked for now and then. */
export class LatestForecast {
  readonly #api: Api
  readonly #now: () => number
  #known: { readonly at: number; readonly status: string; readonly words: string | undefined } | undefined

  constructor(api: Api, now: () => number = () => performance.now()) {
    this.#api = api
    this.#now = now
  }

  async of(subject: Subject): Promise<string | undefined> {
    const { status } = subject.run
    const at = this.#now()
    if (this.#known?.status !== status || at - this.#known.at >= lasts)
      this.#known = { at, status, words: await forecastOf(this.#api, subject) }
    return this.#known.words
  }
}
