import { counted, type Judged } from './bars.ts'
import { type Eventful, eventfulWave } from './eventful-wave.ts'
import { versions, type Window, windowFor } from './profile-window.ts'
import { type AtRest, profilesAtRest } from './profiles-at-rest.ts'
import { settleFleet } from './settled-fleet.ts'
import { logSlope } from './spread.ts'
import { openWorld } from './world.ts'

/** What was counted of profiles, and how it is judged. */
export interface CountedProfiles {
  readonly judged: readonly Judged[]
  readonly rest: AtRest
  readonly waves: readonly Eventful[]
  readonly windows: readonly Window[]
}

interface Sizes {
  readonly profiles: number
  readonly waves: readonly number[]
  readonly windows: readonly number[]
}

/**
 * A profile has at most ten in flight, so a window over a fleet of 10,000 takes half an hour here: slopes are taken between 500, where
 * the fixed part of a window is about a hundredth of the whole, and 1,000.
 */
const usual: Sizes = { profiles: 20, waves: [60, 600], windows: [100, 500, 1000] }
const small: Sizes = { profiles: 5, waves: [60], windows: [60] }
const slopesFrom = 500

async function windowOver(size: number): Promise<Window> {
  const world = await openWorld({ metered: true, movable: true })
  try {
    await settleFleet(world, size, versions)
    return await windowFor(world, size)
  } finally {
    await world.stop()
  }
}

/** Lets profiles rest, open their windows over fleets, and have a wave held up by all that can hold one up. */
export async function countProfiles({ quick }: { readonly quick: boolean }): Promise<CountedProfiles> {
  const sizes = quick ? small : usual
  console.log('\nProfiles:')
  const rest = await profilesAtRest(sizes.profiles)
  sayRest(rest)
  const windows: Window[] = []
  for (const size of sizes.windows) {
    const window = await windowOver(size)
    sayWindow(window)
    windows.push(window)
  }
  const waves: Eventful[] = []
  for (const size of sizes.waves) {
    const wave = await eventfulWave(size)
    sayWave(wave)
    waves.push(wave)
  }
  return {
    judged: [...judgeRest(rest), ...judgeWindows(windows), ...judgeWaves(waves)],
    rest,
    windows,
    waves,
  }
}

function sayRest({ profiles, schedules, hour, reconciliation }: AtRest): void {
  const { without, with: all } = reconciliation
  console.log(
    `  ${profiles} at rest: ${schedules} schedules. Apart from them, with or without profiles: a tick reads ${hour.without.read / hour.without.ticks} units, the daily reconciliation ${without.read} units without and ${all.read} with them`,
  )
}

function sayWindow({ size, seconds, opening, log, views, work, workflow, reports }: Window): void {
  const each = (value: number) => (value / size).toFixed(2)
  console.log(
    `  ${String(size).padStart(6)} in a window, ${seconds.toFixed(1)} s: to open ${opening} units, log ${each(log.written)} (${log.writes} commits, lost ${log.lost}), views ${each(views.written)}, work ${each(work.written)}, ${each(reports)} requests, ${workflow.transitions} transitions, ${workflow.historyEvents} history events`,
  )
}

function sayWave({ size, seconds, retried, pauses, windows, workflow }: Eventful): void {
  console.log(
    `  ${String(size).padStart(6)} in a wave with ${retried} retries, ${pauses} pause and ${windows} windows, ${seconds.toFixed(1)} s: ${workflow.transitions} transitions, ${workflow.historyEvents} history events, ${workflow.tokens} tokens`,
  )
}

/** Both are what is left when the time without profiles is taken away. */
function judgeRest({ profiles, schedules, hour }: AtRest): Judged[] {
  const { without, with: all } = hour
  const begun = (spent: typeof all) => spent.written + spent.invocations + spent.transitions + spent.busEvents
  return [
    counted('schedules of a profile at rest', schedules / profiles, { least: 2, most: 2 }),
    counted(
      `writes, invocations, transitions, bus events of ${profiles} profiles in an hour`,
      begun(all) - begun(without),
      { most: 0 },
    ),
    // What the clock calls in any case: reactor, monitor, gates and notify every minute, reconciliation and heads every quarter of an hour.
    counted('  of a stack in which nothing happens', begun(without), { most: 4 * 60 + 2 * 4 }),
    counted('  read units a tick more than without', all.read / all.ticks - without.read / without.ticks, {
      most: 0,
    }),
  ]
}

function judgeWindows(windows: readonly Window[]): Judged[] {
  const written = ({ log, views }: Window) => log.written + views.written
  const slope = (some: readonly Window[], figure: (one: Window) => number) =>
    logSlope(some.map((one) => [one.size, figure(one)] as const))
  const large = windows.filter(({ size }) => size >= slopesFrom)
  return [
    ...windows.flatMap((one) => [
      counted(`transitions of a window (${one.size} targets)`, one.workflow.transitions, { most: 15 }),
      counted('  history events', one.workflow.historyEvents, { most: 40 }),
    ]),
    ...large.flatMap((one) => [
      counted(`write units a target (window, ${one.size})`, written(one) / one.size, { most: 8.5 }),
      counted('  commits of the upgrade a target', one.upgradeCommits / one.size, { most: 1 }),
      counted("  lost to conflicts, share of the log's", one.log.lost / (one.log.written + one.log.lost), {
        most: 0.1,
      }),
    ]),
    ...(windows.length > 1
      ? [
          counted(
            'slope of transitions (window)',
            slope(windows, ({ workflow }) => workflow.transitions),
            {
              most: 0.05,
            },
          ),
        ]
      : []),
    ...(large.length > 1
      ? [counted('slope of write units (window)', slope(large, written), { least: 0.98, most: 1.02 })]
      : []),
  ]
}

function judgeWaves(waves: readonly Eventful[]): Judged[] {
  const held = 'a wave with retries, a pause, two windows'
  return [
    ...waves.flatMap(({ size, workflow }) => [
      counted(`transitions of ${held} (${size})`, workflow.transitions, { most: 15 }),
      counted('  history events', workflow.historyEvents, { most: 40 }),
    ]),
    ...(waves.length > 1
      ? [
          counted(
            '  slope of transitions',
            logSlope(waves.map(({ size, workflow }) => [size, workflow.transitions] as const)),
            { most: 0.05 },
          ),
        ]
      : []),
  ]
}
