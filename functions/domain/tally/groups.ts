import { noTimes, type RegionTally, type Tally, type Times } from '../../../events/tally.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { sumOfRegions } from './tally.ts'
import { meanOf, percentileOf, sumOfTimes } from './times.ts'

/** How some attempts ended, as their upgrade tells it. */
export type Told = Extract<UpgradeEvent, { type: 'AttemptsTallied' }>['data']

/** By what attempts are grouped. */
export type Grouping = 'day' | 'component' | 'release' | 'channel' | 'region'

/** How long something took. Null: nobody was timed. */
export interface Duration {
  readonly count: number
  readonly meanSeconds: number | null
  readonly p95Seconds: number | null
}

/** How the attempts of a group ended: rollbacks of upgrades are no attempts, and what they took back is among `rollbacks`. */
export interface Group {
  /** The day, component, `component@version`, channel or region; null: it has none, or nobody knows. */
  readonly key: string | null
  readonly attempts: number
  readonly succeeded: number
  readonly failed: number
  readonly unreachable: number
  /** Targets that took themselves back, or that a rollback has taken back. */
  readonly rollbacks: number
  /** Of the attempts, in percent; null: there was none. */
  readonly successRate: number | null
  readonly rollbackRate: number | null
  readonly mostCommonFailure: { readonly code: string; readonly count: number } | null
  readonly acceptance: Duration
  readonly work: Duration
  readonly steps: readonly (Duration & { readonly step: string })[]
}

/** One part of what was told that belongs to one group as a whole. */
interface Part {
  readonly key: string | null
  readonly isRollback: boolean
  readonly regions: readonly RegionTally[]
  readonly steps: Tally['steps']
}

/** More codes than a tally keeps apart: a sum of many tallies forgets none of them. */
const codesOfAGroup = 1000

function partsOf({ kind, tally, ...told }: Told, by: Grouping): readonly Part[] {
  const isRollback = kind === 'rollback'
  const { regions, steps } = tally
  if (by !== 'region') {
    const keys = { ...told, release: `${told.component}@${told.version}` }
    return [{ key: keys[by], isRollback, regions, steps }]
  }
  // Steps are timed over all regions of an upgrade together.
  return regions.map((one) => ({ key: one.region, isRollback, regions: [one], steps: [] }))
}

function durationOf(times: Times): Duration {
  return { count: times.count, meanSeconds: meanOf(times), p95Seconds: percentileOf(times, 95) }
}

const percentOf = (some: number, all: number) => (all === 0 ? null : (100 * some) / all)

function groupOf(key: string | null, parts: readonly Part[]): Group {
  const regionsWhere = (isRollback: boolean) =>
    parts.filter((part) => part.isRollback === isRollback).flatMap(({ regions }) => regions)
  const sum = sumOfRegions(regionsWhere(false), '', codesOfAGroup)
  const takenBack = sumOfRegions(regionsWhere(true), '').succeeded
  const { succeeded, failed, unreachable, failures } = sum
  const attempts = succeeded + failed + unreachable
  const rollbacks = sum.rolledBack + takenBack
  const steps = parts.flatMap((part) => (part.isRollback ? [] : part.steps))
  return {
    ...{ key, attempts, succeeded, failed, unreachable, rollbacks },
    successRate: percentOf(succeeded, attempts),
    rollbackRate: percentOf(rollbacks, attempts),
    mostCommonFailure: failures[0] ?? null,
    acceptance: durationOf(sum.acceptance),
    work: durationOf(sum.work),
    steps: [...Map.groupBy(steps, ({ step }) => step)].map(([step, times]) => ({
      step,
      ...durationOf(sumOfTimes(times)),
    })),
  }
}

/** Returns what was told by group: days in their order, else the group with the most attempts first, and of equal ones the first by name. */
export function groupsOf(told: Iterable<Told>, by: Grouping): Group[] {
  const parts = Array.from(told, (one) => partsOf(one, by)).flat()
  const groups = [...Map.groupBy(parts, ({ key }) => key)].map(([key, own]) => groupOf(key, own))
  const byName = (left: Group, right: Group) => ((left.key ?? '') < (right.key ?? '') ? -1 : 1)
  if (by === 'day') return groups.sort(byName)
  return groups.sort((left, right) => right.attempts - left.attempts || byName(left, right))
}

/** Returns all that was told as one group, which has no key. */
export function totalOf(told: Iterable<Told>): Group {
  return groupOf(null, Array.from(told, (one) => partsOf(one, 'component')).flat())
}

/** What is counted for ever, by component and channel. */
export interface Series {
  readonly component: string
  /** Null: nobody knows it. */
  readonly channel: string | null
  readonly attempts: number
  readonly succeeded: number
  readonly rollbacks: number
  /** From acceptance to the end, of those that succeeded. */
  readonly work: Times
}

/** So many series are told apart: labels of metrics have to stay few. */
const seriesAtMost = 100
/** The component of all others. */
const otherComponents = 'other'

/** Returns what one telling adds to its series. */
export function seriesOf({ kind, component, channel, tally }: Told): Series {
  const { succeeded, failed, unreachable, rolledBack, work } = sumOfRegions(tally.regions, '')
  if (kind === 'rollback')
    return { component, channel, attempts: 0, succeeded: 0, rollbacks: succeeded, work: noTimes }
  const attempts = succeeded + failed + unreachable
  return { component, channel, attempts, succeeded, rollbacks: rolledBack, work }
}

function sumOfSeries(all: readonly Series[], { component, channel }: Pick<Series, 'component' | 'channel'>) {
  const sum = (of: (one: Series) => number) => all.reduce((sum, one) => sum + of(one), 0)
  return {
    ...{ component, channel },
    attempts: sum(({ attempts }) => attempts),
    succeeded: sum(({ succeeded }) => succeeded),
    rollbacks: sum(({ rollbacks }) => rollbacks),
    work: sumOfTimes(all.map(({ work }) => work)),
  }
}

/** Returns what was counted before and what was told since, together, by component and channel. */
export function withTold(before: readonly Series[], told: Iterable<Told>): readonly Series[] {
  const all = [...before, ...Array.from(told, seriesOf)]
  const groups = [...Map.groupBy(all, ({ component, channel }) => JSON.stringify([component, channel]))]
  const sums = groups
    .map(([, own]) => sumOfSeries(own, own[0] ?? { component: otherComponents, channel: null }))
    .sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1))
  if (sums.length <= seriesAtMost) return sums
  const ranked = sums.toSorted((left, right) => right.attempts - left.attempts)
  const kept = ranked.slice(0, seriesAtMost - 1).filter(({ component }) => component !== otherComponents)
  const rest = sums.filter((one) => !kept.includes(one))
  return [
    ...sums.filter((one) => kept.includes(one)),
    sumOfSeries(rest, { component: otherComponents, channel: null }),
  ]
}

function nameOf({ component, channel }: Series): string {
  return `${component} ${channel ?? ''}`
}
