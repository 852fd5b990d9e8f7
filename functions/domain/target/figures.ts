import type { TargetEvent } from '../../../events/target.ts'
import { endsAttempt, meaningOf } from './outcome.ts'

/** What the figures of a target's upgrades are counted from. */
export type FigureEvent = Extract<
  TargetEvent,
  {
    type:
      | 'AttemptAssigned'
      | 'AttemptAccepted'
      | 'StepHeld'
      | 'AttemptEnded'
      | 'AttemptRegressed'
      | 'AttemptRecovered'
  }
>

/** How upgrades have gone: rates in percent, times in seconds. Those that were given back before they began, or cancelled, do not count. */
export interface UpgradeFigures {
  readonly attempts: number
  readonly succeeded: number
  readonly failed: number
  readonly successRate: number | null
  readonly failureRate: number | null
  readonly averageSeconds: number | null
  readonly longestSeconds: number | null
}

/** One attempt, as far as it is counted. */
interface Counted {
  readonly component: string
  readonly isRollback: boolean
  readonly begunAt: string
  readonly alerts: number
  readonly seconds: number | null
  readonly end: 'succeeded' | 'failed' | null
}

/** Counts the upgrades of one target from the events of its stream, in their order (V8). */
export class CountedUpgrades {
  readonly #attempts = new Map<string, Counted>()

  hear({ type, data }: FigureEvent, at: string): void {
    const { attempt } = data
    if (type === 'AttemptAssigned') {
      const { component, kind } = data
      const known = { component, isRollback: kind === 'rollback', begunAt: at }
      this.#attempts.set(attempt, { ...known, alerts: 0, seconds: null, end: null })
      return
    }
    const known = this.#attempts.get(attempt)
    if (!known) return
    switch (type) {
      case 'AttemptAccepted':
        this.#attempts.set(attempt, { ...known, begunAt: at })
        return
      case 'StepHeld':
        if (data.why === 'acknowledgement')
          this.#attempts.set(attempt, { ...known, alerts: known.alerts + 1 })
        return
      case 'AttemptEnded': {
        const { counts } = meaningOf(data.outcome)
        if (!endsAttempt(data.outcome) || counts === 'skipped') {
          this.#attempts.delete(attempt)
          return
        }
        const seconds = (Date.parse(at) - Date.parse(known.begunAt)) / 1000
        const end = counts === 'succeeded' ? 'succeeded' : 'failed'
        this.#attempts.set(attempt, { ...known, seconds, end })
        return
      }
      case 'AttemptRegressed':
        this.#attempts.set(attempt, { ...known, end: 'failed' })
        return
      case 'AttemptRecovered':
        this.#attempts.set(attempt, { ...known, end: 'succeeded' })
    }
  }

  get all(): UpgradeFigures & {
    readonly alerts: number
    readonly alertFrequency: number | null
    readonly rollbacks: number
    readonly components: readonly (UpgradeFigures & { readonly component: string })[]
  } {
    const every = [...this.#attempts.values()]
    const upgrades = every.filter(({ isRollback }) => !isRollback)
    const alerts = upgrades.reduce((sum, one) => sum + one.alerts, 0)
    const components = Map.groupBy(upgrades, ({ component }) => component)
    return {
      ...figuresOf(upgrades),
      alerts,
      alertFrequency: upgrades.length === 0 ? null : hundredths(alerts / upgrades.length),
      rollbacks: every.length - upgrades.length,
      components: [...components].map(([component, counted]) => ({ component, ...figuresOf(counted) })),
    }
  }
}

const hundredths = (value: number) => Math.round(value * 100) / 100

function figuresOf(counted: readonly Counted[]): UpgradeFigures {
  const succeeded = counted.filter(({ end }) => end === 'succeeded').length
  const failed = counted.filter(({ end }) => end === 'failed').length
  const over = succeeded + failed
  const times = counted.flatMap(({ seconds }) => seconds ?? [])
  const sum = times.reduce((total, one) => total + one, 0)
  return {
    ...{ attempts: counted.length, succeeded, failed },
    successRate: over === 0 ? null : hundredths((100 * succeeded) / over),
    failureRate: over === 0 ? null : hundredths((100 * failed) / over),
    averageSeconds: times.length === 0 ? null : hundredths(sum / times.length),
    longestSeconds: times.length === 0 ? null : Math.max(...times),
  }
}
