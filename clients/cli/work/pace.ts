import type { Standing } from './standing.ts'
import type { Subject } from './subject.ts'

/** One look at how far a run is. */
interface Look {
  readonly at: number
  readonly ended: number
}

/** In milliseconds: older looks say nothing of the present pace. */
const lookedBack = 120_000

/**
 * Estimates what is left from what was seen, by the clock of who watches: nothing of what a server's clock shows enters it. Waits for
 * people, windows and bakes are not in it, as nobody knows them.
 */
export class Pace {
  readonly #now: () => number
  #looks: Look[] = []

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Notes how far a run is, and says how long the rest takes at the pace of the last minutes; undefined: nobody can say. */
  rest(run: Subject['run'], standing: Standing): string | undefined {
    const at = this.#now()
    const ended =
      'waves' in run ? run.completed + run.failed + run.unreachable + run.skipped : run.completed + run.failed
    if (standing !== 'runs' || run.holds.length > 0) {
      // What was waited for is no pace.
      this.#looks = []
      return undefined
    }
    this.#looks = [...this.#looks.filter((look) => at - look.at <= lookedBack), { at, ended }]
    const [first] = this.#looks
    if (first === undefined || ended <= first.ended || ended >= run.total) return undefined
    const seconds = ((at - first.at) / (ended - first.ended) / 1000) * (run.total - ended)
    return `about ${inWords(seconds)} left at this pace, without waits`
  }
}

function inWords(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 360) / 10} h`
}
