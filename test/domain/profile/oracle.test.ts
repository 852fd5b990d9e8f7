import { describe, expect, test } from 'vitest'
import { openings } from '../../../functions/domain/profile/windows.ts'
import { expressions } from './expressions.ts'
import { occurrences, transitionsOf } from './oracle.ts'

const [first, end] = ['2026-01-01T00:00:00Z', '2036-01-01T00:00:00Z']
const around = 36 * 3_600_000
const all = Intl.supportedValuesOf('timeZone')

/** Zones whose rules are rare: half an hour, at midnight, two hours, by the moon, from a Thursday to a Friday. */
const rare = [
  'Africa/Cairo',
  'Africa/Casablanca',
  'America/Godthab',
  'America/Havana',
  'America/New_York',
  'America/Santiago',
  'America/St_Johns',
  'Antarctica/Troll',
  'Asia/Beirut',
  'Asia/Gaza',
  'Asia/Jerusalem',
  'Atlantic/Azores',
  'Australia/Lord_Howe',
  'Europe/Chisinau',
  'Europe/Dublin',
  'Europe/London',
  'Pacific/Auckland',
  'Pacific/Chatham',
]
const wholeTable = process.env.WINDOWS_ORACLE === 'all'
const seed = Number(process.env.WINDOWS_SEED ?? 20_260_308)

/** Returns so many of a list, which ones by the seed. */
function drawn<One>(list: readonly One[], count: number): One[] {
  let random = seed
  return list
    .map((one) => {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
      return { one, random }
    })
    .sort((a, b) => a.random - b.random)
    .slice(0, count)
    .map(({ one }) => one)
}

const others = all.filter((zone) => !rare.includes(zone))
const zones = wholeTable ? all : [...rare, ...drawn(others, 40 - rare.length)]
const changesOfEach = wholeTable ? Number.POSITIVE_INFINITY : 5

const compared = { zones: 0, transitions: 0, cases: 0, openings: 0 }

/** Returns where the module and the oracle disagree around one instant, in words. */
function mismatches(timezone: string, transition: number): string[] {
  const [from, to] = [transition - around, transition + around].map((at) => Math.floor(at / 60_000) * 60_000)
  if (from === undefined || to === undefined) return []
  const expected = occurrences(expressions, timezone, transition, from, to)
  return expressions.flatMap(([expression], place) => {
    const schedule = { cron_expression: expression, timezone, offset_days: 0, maintenance_window_hours: 1 }
    const found: number[] = []
    for (const opening of openings(schedule, new Date(from - 1).toISOString())) {
      const instant = Date.parse(opening)
      if (instant > to) break
      found.push(instant)
    }
    compared.cases += 1
    compared.openings += found.length
    const show = (instants: readonly number[] | undefined) =>
      instants?.map((at) => new Date(at).toISOString().slice(0, 16)).join(' ')
    const [ours, theirs] = [show(found), show(expected[place])]
    return ours === theirs ? [] : [`${timezone} ${expression}: ${ours} instead of ${theirs}`]
  })
}

describe(`P8: openings agree with an oracle in ${wholeTable ? 'all zones' : `a sample by seed ${seed}`}`, () => {
  test('there are fifty expressions, all different', () => {
    expect(new Set(expressions.map(([expression]) => expression)).size).toBe(50)
  })

  test('around changes of clocks in ten years, and in zones that never change them', () => {
    const wrong: string[] = []
    for (const timezone of zones) {
      const changes = drawn(transitionsOf(timezone, first, end), changesOfEach)
      compared.zones += 1
      compared.transitions += changes.length
      // Where nothing changes, a day is as good as another: the turn of a leap year.
      for (const transition of changes.length > 0 ? changes : [Date.UTC(2028, 1, 29, 12)])
        wrong.push(...mismatches(timezone, transition))
    }
    console.info(`compared ${JSON.stringify(compared)}, ${wrong.length} mismatches`)
    expect(wrong.slice(0, 20)).toEqual([])
    expect(compared.transitions).toBeGreaterThan(80)
  }, 1_800_000)
})
