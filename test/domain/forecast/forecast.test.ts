import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { day, hour, instantOf, minute, second } from '../../../events/time.ts'
import { Chance } from '../../../functions/domain/forecast/chance.ts'
import { type Left, leftOfPlan } from '../../../functions/domain/forecast/course.ts'
import { type Durations, Known } from '../../../functions/domain/forecast/durations.ts'
import { type Forecast, forecastOf, type Part } from '../../../functions/domain/forecast/forecast.ts'
import { Hours } from '../../../functions/domain/forecast/hours.ts'
import { hoursOf } from '../../../functions/domain/forecast/left.ts'
import { planOf, requestOf } from '../upgrade/world.ts'

const now = '2026-03-02T12:00:00.000Z'
/** Returns the instant so many milliseconds from now. */
const later = (milliseconds: number) => instantOf(Date.parse(now) + milliseconds)

const always = [{ start: '0000-01-01T00:00:00.000Z', end: '9999-12-31T00:00:00.000Z' }]

interface Asked {
  readonly left?: Partial<Left>
  readonly durations?: Durations
  readonly rooms?: ConstructorParameters<typeof Hours>[0]
  readonly seed?: string
  readonly notBefore?: string
}

const minutes = (...all: number[]) => all.map((one) => one * minute)
/** Of the upgrade itself. */
const own = (...took: number[][]): Durations => ({ isOwn: true, took })
const others = (...took: number[][]): Durations => ({ isOwn: false, took })
const aMinute = own(Array<number>(20).fill(minute))

function partOf({ left = {}, durations = aMinute, rooms = always, notBefore = now }: Asked = {}): Part {
  const whole = {
    waves: [{ members: 10, bake: 0 }],
    ...{ slots: 10, spacing: 0, inFlight: [], longest: hour },
    ...left,
  }
  const rest = { left: whole, notBefore, waitsFor: [] }
  return {
    ...{ dependsOn: [], pauseSeconds: 0, endedAt: null },
    prospects: { rest, hours: new Hours(rooms), durations },
  }
}

const made = (asked: Asked = {}): Forecast =>
  forecastOf({ now, seed: asked.seed ?? 's', parts: [partOf(asked)] })

/** The seconds that it takes, where nothing is left to chance. */
function exactly(asked: Asked): number | null {
  const { seconds } = made(asked)
  expect(seconds?.earliest).toBe(seconds?.latest)
  return seconds?.likely ?? null
}

describe('a forecast, where each attempt takes a minute', () => {
  test('counts as many rounds as the parallel ones need', () => {
    expect(exactly({ left: { slots: 10 } })).toBe(60)
    expect(exactly({ left: { slots: 3 } })).toBe(240)
    expect(exactly({ left: { slots: 1 } })).toBe(600)
  })

  test('lets each wave end and bake before the next', () => {
    const waves = [
      { members: 1, bake: 5 * minute },
      { members: 9, bake: 2 * minute },
    ]
    expect(exactly({ left: { waves } })).toBe(60 + 300 + 60 + 120)
  })

  test('waits after each attempt of a serial upgrade', () => {
    expect(exactly({ left: { slots: 1, spacing: 30 * second } })).toBe(10 * 60 + 9 * 30)
  })

  test('does not count again how long those have taken who are in flight', () => {
    const waves = [{ members: 0, bake: 0 }]
    expect(exactly({ left: { waves, inFlight: [45 * second, 10 * second] } })).toBe(50)
  })

  test('leaves those their slots who are in flight', () => {
    const waves = [{ members: 2, bake: 0 }]
    expect(exactly({ left: { waves, slots: 2, inFlight: [30 * second, 0] } })).toBe(120)
  })

  test('gives those who take longer than anybody did as long again, and no longer than their deadline', () => {
    const waves = [{ members: 0, bake: 0 }]
    const range = (longest: number) => made({ left: { waves, inFlight: [2 * minute], longest } }).seconds
    const { earliest, likely, latest } = range(hour) ?? {}
    expect(earliest).toBeLessThan(30)
    expect(likely).toBeGreaterThan(40)
    expect(latest).toBeGreaterThan(90)
    expect(latest).toBeLessThanOrEqual(120)
    expect(range(2 * minute + 45 * second)?.latest).toBe(45)
    expect(range(minute)?.latest).toBe(0)
  })

  test('begins nobody outside of the hours, and lets who has begun finish', () => {
    const rooms = [
      { start: now, end: later(90 * second) },
      { start: later(hour), end: later(2 * hour) },
    ]
    expect(exactly({ rooms, left: { slots: 10 } })).toBe(60)
    // The second five begin at 60 seconds, before it closes; of three rounds the last waits.
    expect(exactly({ rooms, left: { slots: 5 } })).toBe(120)
    expect(exactly({ rooms, left: { slots: 4 } })).toBe(3600 + 60)
  })

  test('bakes while everything is closed', () => {
    const waves = [
      { members: 5, bake: 30 * minute },
      { members: 5, bake: 0 },
    ]
    const rooms = [
      { start: now, end: later(minute) },
      { start: later(hour), end: later(2 * hour) },
    ]
    expect(exactly({ rooms, left: { waves } })).toBe(3600 + 60)
  })

  test('begins when what holds it ends', () => {
    expect(exactly({ notBefore: later(7 * minute) })).toBe(480)
  })

  test('names no instant where no opening is known in which it would end', () => {
    const rooms = [{ start: now, end: later(90 * second) }]
    expect(made({ rooms, left: { slots: 1 } })).toEqual({
      ends: null,
      seconds: { earliest: null, likely: null, latest: null },
      waitsFor: [{ code: 'WINDOW_CLOSED', times: 1 }],
      basis: { durations: 20, upgrades: 1 },
    })
  })

  test('plays those after each other that depend on each other, with the pause between them', () => {
    const first = { ...partOf(), pauseSeconds: 300 }
    const second = { ...partOf(), dependsOn: [0] }
    const beside = partOf({ left: { slots: 5 } })
    const { seconds } = forecastOf({ now, seed: 's', parts: [first, second, beside] })
    expect(seconds).toEqual({ earliest: 420, likely: 420, latest: 420 })
    const over = { ...first, endedAt: later(-4 * minute), prospects: null }
    expect(forecastOf({ now, seed: 's', parts: [over, second] }).seconds?.likely).toBe(120)
  })

  test('names whom it waits for, and how often, and then no instant', () => {
    const waits = (code: string, times: number): Part => {
      const part = partOf()
      if (!part.prospects) return part
      const { rest } = part.prospects
      return { ...part, prospects: { ...part.prospects, rest: { ...rest, waitsFor: [{ code, times }] } } }
    }
    const parts = [waits('CONTINUE', 2), waits('CONTINUE', 1), waits('FREEZE', 1), waits('FREEZE', 1)]
    const found = forecastOf({ now, seed: 's', parts, waitsFor: [{ code: 'APPROVAL', times: 1 }] })
    expect([found.ends, found.seconds?.likely]).toEqual([null, 60])
    expect(found.waitsFor).toEqual([
      { code: 'APPROVAL', times: 1 },
      { code: 'CONTINUE', times: 3 },
      { code: 'FREEZE', times: 1 },
    ])
  })
})

describe('what a forecast is made from', () => {
  test('has to be ten durations, of whatever upgrades', () => {
    expect(made({ durations: own(Array<number>(9).fill(minute)) }).seconds).toBeNull()
    expect(made({ durations: own(minutes(1, 1, 1, 1, 1), minutes(1, 1, 1, 1, 1)) })).toMatchObject({
      seconds: { likely: 60 },
      basis: { durations: 10, upgrades: 2 },
    })
  })

  test('one upgrade of a component that is known does not speak for another', () => {
    const [known, unknown] = [partOf(), partOf({ durations: others(minutes(1)) })]
    expect(forecastOf({ now, seed: 's', parts: [known, unknown] }).seconds).toBeNull()
  })

  test('lets the next upgrade differ from those known as they do from each other', () => {
    const known = (...levels: number[]) =>
      others(...levels.map((level) => Array<number>(20).fill(level * second)))
    const spread = (durations: Durations) => {
      const { earliest = null, likely = null, latest = null } = made({ durations }).seconds ?? {}
      expect(likely).toBeGreaterThan(70)
      expect(likely).toBeLessThan(90)
      return Number(latest) / Number(earliest)
    }
    const [one, apart] = [spread(known(80)), spread(known(40, 50, 80, 120, 160))]
    const [alike, closer] = [spread(known(80, 80, 80, 80, 80)), spread(known(...Array<number>(10).fill(80)))]
    expect(spread(own(Array<number>(20).fill(80 * second)))).toBe(1)
    // Of one that is known, a factor of two up and down; of ten that are alike, little more than a fifth.
    expect(one).toBeGreaterThan(3)
    expect(one).toBeLessThan(6)
    expect([apart > one * 0.9, alike < one, closer < alike, closer > 1.2]).toEqual([true, true, true, true])
  })
})

const durations = fc.record({
  isOwn: fc.boolean(),
  took: fc.array(fc.array(fc.integer({ min: second, max: 20 * minute }), { minLength: 10, maxLength: 40 }), {
    minLength: 1,
    maxLength: 4,
  }),
})
const left = fc.record({
  waves: fc.array(
    fc.record({ members: fc.integer({ min: 0, max: 60 }), bake: fc.integer({ min: 0, max: hour }) }),
    { minLength: 1, maxLength: 4 },
  ),
  slots: fc.integer({ min: 1, max: 40 }),
  spacing: fc.constantFrom(0, 0, 30 * second),
  inFlight: fc.array(fc.integer({ min: 0, max: 10 * minute }), { maxLength: 10 }),
  longest: fc.constant(hour),
})
const rooms = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 40 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((spans) => {
    let at = Date.parse(now)
    const found = spans.map(([open, closed]) => {
      const start = at + closed * minute
      at = start + open * minute
      return { start: instantOf(start), end: instantOf(at) }
    })
    // In the end it opens for good.
    return [...found, { start: instantOf(at + day), end: '9999-12-31T00:00:00.000Z' }]
  })
const asked = fc.record({ left, durations, rooms, seed: fc.string() })
const percents = ['earliest', 'likely', 'latest'] as const

/** Is no part of one range later than that of the other? Infinity where it has none. */
function isNoLater(one: Forecast, other: Forecast): boolean {
  const of = ({ seconds }: Forecast, percent: (typeof percents)[number]) =>
    seconds?.[percent] ?? Number.POSITIVE_INFINITY
  return percents.every((percent) => of(one, percent) <= of(other, percent))
}

describe('any forecast', () => {
  test('is the same for the same seed, and its range is in order', () => {
    fc.assert(
      fc.property(asked, (one) => {
        const forecast = made(one)
        expect(made(one)).toEqual(forecast)
        const { earliest, likely, latest } = forecast.seconds ?? {}
        expect([earliest, likely, latest]).toEqual(
          [earliest, likely, latest].toSorted((low, high) => Number(low) - Number(high)),
        )
      }),
      { numRuns: 60 },
    )
  })

  test('is never later with more at once', () => {
    fc.assert(
      fc.property(asked, fc.integer({ min: 1, max: 20 }), (one, more) => {
        const wider = { ...one, left: { ...one.left, slots: one.left.slots + more } }
        expect(isNoLater(made(wider), made(one))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  test('is never earlier with longer bakes, or where it opens later', () => {
    fc.assert(
      fc.property(asked, fc.integer({ min: 1, max: hour }), (one, more) => {
        const { left, rooms } = one
        const waves = left.waves.map(({ members, bake }) => ({ members, bake: bake + more }))
        const longer = { ...left, waves }
        expect(isNoLater(made(one), made({ ...one, left: longer }))).toBe(true)
        expect(isNoLater(made(one), made({ ...one, rooms: rooms.slice(1) }))).toBe(true)
        expect(isNoLater(made(one), made({ ...one, notBefore: later(more) }))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
})

describe('very many members', () => {
  const skewed = own(Array.from({ length: 100 }, (_, place) => second * (20 + 400 / (place + 1))))

  const likely = (members: number, slots: number) =>
    made({ durations: skewed, left: { waves: [{ members, bake: 0 }], slots } }).seconds?.likely ?? 0

  test.each([1, 7, 50, 400])('are played as one wave as they would be singly, %i at once', (slots) => {
    const [singly, asOne] = [likely(2000, slots), likely(2001, slots)]
    expect(Math.abs(asOne - singly) / singly).toBeLessThan(0.05)
  })

  test('who all go at once end with the slowest', () => {
    expect(Math.abs(likely(2001, 5000) - 420)).toBeLessThan(5)
  })

  test('cost no more than few', () => {
    const cost = (members: number, slots: number) => {
      const began = performance.now()
      for (let round = 0; round < 5; round++) likely(members, slots)
      return performance.now() - began
    }
    cost(2000, 50)
    expect(cost(1_000_000, 500)).toBeLessThan(3 * cost(2000, 50))
  })
})

describe('hours', () => {
  const schedule = {
    ...{ cron_expression: '0 2 * * *', timezone: 'UTC', offset_days: 0, maintenance_window_hours: 2 },
  }
  const window = { start: '2026-03-02T02:00:00.000Z', end: '2026-03-02T04:00:00.000Z' }
  const at = (instant: string) => Date.parse(instant)
  const span = { from: now, until: later(92 * day) }

  test('are those of the window, and of those that the profile opens later, each less the time of one attempt', () => {
    const once = hoursOf({ window, request: requestOf() }, null, [], span)
    expect(once.from(at('2026-03-02T03:54:59.000Z'))).toBe(at('2026-03-02T03:54:59.000Z'))
    expect(once.from(at('2026-03-02T03:55:00.000Z'))).toBe(Number.POSITIVE_INFINITY)
    const again = hoursOf({ window, request: requestOf() }, schedule, [], span)
    expect(again.from(at('2026-03-02T03:55:00.000Z'))).toBe(at('2026-03-03T02:00:00.000Z'))
    expect(again.from(at(later(93 * day)))).toBe(Number.POSITIVE_INFINITY)
  })

  test('are not those in which a calendar is closed', () => {
    const closed = [{ from: '2026-03-03T00:00:00.000Z', to: '2026-03-05T03:00:00.000Z', why: 'x' }]
    const hours = hoursOf({ window, request: requestOf() }, schedule, closed, span)
    expect(hours.from(at(now))).toBe(at('2026-03-05T03:00:00.000Z'))
    const always = hoursOf({ window: null, request: requestOf() }, null, closed, span)
    // Nobody begins who would not have ended before it closes.
    expect(always.from(at('2026-03-02T23:55:00.000Z'))).toBe(at('2026-03-05T03:00:00.000Z'))
  })

  test('pass while work goes on, and not in between', () => {
    const hours = new Hours([
      { start: later(0), end: later(hour) },
      { start: later(2 * hour), end: later(4 * hour) },
    ])
    expect(hours.after(at(now), 30 * minute)).toBe(at(later(30 * minute)))
    expect(hours.after(at(now), 90 * minute)).toBe(at(later(150 * minute)))
    expect(hours.after(at(now), 5 * hour)).toBe(Number.POSITIVE_INFINITY)
  })
})

test('what a plan has to do is what its waves say, with the bake that follows each', () => {
  const request = requestOf({ parallel: 5, bakeSeconds: 600, gate: { successRatePercent: 90 } })
  expect(leftOfPlan(request, planOf(30, [10, 30]))).toMatchObject({
    waves: [
      { members: 10, bake: 600_000 },
      { members: 20, bake: 600_000 },
    ],
    slots: 5,
    longest: 4_200_000,
  })
  expect(leftOfPlan(requestOf({ bakeSeconds: 600 }), planOf(30, [10, 30]), 1)?.waves).toEqual([
    { members: 20, bake: 0 },
  ])
})

test('of more waves than are played nothing is forecast', () => {
  const batches = (size: number) => ({ ...planOf(20_000), waves: { kind: 'batches', size } as const })
  expect(leftOfPlan(requestOf(), batches(2))?.waves.length).toBe(10_000)
  expect(leftOfPlan(requestOf(), batches(1))).toBeNull()
  const part = partOf()
  const long = part.prospects && { ...part.prospects, rest: { ...part.prospects.rest, left: null } }
  const found = forecastOf({ now, seed: 's', parts: [part, { ...part, prospects: long }] })
  expect([found.seconds, found.ends]).toEqual([null, null])
})

describe('chance', () => {
  test('is spread evenly, and as a bell', () => {
    const chance = new Chance('x')
    const tens = Array<number>(10).fill(0)
    for (let draw = 0; draw < 20_000; draw++) tens[chance.below(10)] = (tens[chance.below(10)] ?? 0) + 1
    const normal = Array.from({ length: 20_000 }, () => chance.normal())
    const mean = normal.reduce((sum, one) => sum + one, 0) / normal.length
    const variance = normal.reduce((sum, one) => sum + one ** 2, 0) / normal.length
    expect(Math.abs(mean)).toBeLessThan(0.03)
    expect(Math.abs(variance - 1)).toBeLessThan(0.05)
    expect(normal.filter((one) => Math.abs(one) < 1.2816).length / normal.length).toBeCloseTo(0.8, 1)
  })

  test('draws of upgrades what they took, where there is one', () => {
    const sample = new Known(own(minutes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10))).draw(new Chance('x'))
    for (let draw = 0; draw < 100; draw++)
      expect(minutes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)).toContain(sample.one())
  })
})
