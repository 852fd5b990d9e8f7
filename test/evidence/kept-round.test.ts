import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HeadsDocument } from '../../events/heads.ts'
import { roundAfter } from '../../functions/api/evidence/kept-round.ts'

const hour = 3600 * 1000
const begin = Date.parse('2026-03-02T00:00:00Z')
const instant = (hours: number) => new Date(begin + hours * hour).toISOString()

/** Documents of days, each of so many pieces, a minute apart from an hour of the day on; the last day may be cut short. */
function kept(days: readonly number[], missing = 0, at = 6) {
  const documents: HeadsDocument[] = []
  for (const [day, pieces] of days.entries())
    for (let piece = 1; piece <= pieces; piece++)
      documents.push({
        ...{ number: documents.length + 1, previous: '', day: instant(day * 24).slice(0, 10) },
        at: new Date(begin + (day * 24 + at) * hour + piece * 60_000).toISOString(),
        through: piece === pieces ? null : { category: 'target#00', since: '', stream: '' },
        ...{ heads: [], signature: '' },
      })
  const there = documents.slice(0, documents.length - missing)
  let asked = 0
  return {
    there,
    asked: () => asked,
    heads: {
      newest: async () => there.at(-1),
      async numbered(number: number) {
        asked++
        return there[number - 1] ?? expect.unreachable(`There is no ${number}.`)
      },
    },
  }
}

describe('the round of heads that covers an instant', () => {
  test('is the first of which every document was begun after it', async () => {
    const { heads } = kept([2, 3, 4])
    // Before the first day: its own round might have been under way, and the next was not.
    expect(await roundAfter(heads, instant(0))).toMatchObject({ first: 3, last: 5, covers: true })
    expect(await roundAfter(heads, instant(20))).toMatchObject({ first: 6, last: 9, covers: true })
  })

  test('is of a later day, although the round of the day before went on until the instant was over', async () => {
    // Of the first day, made on the second, where that of the second begins late.
    const { there } = kept([1, 1, 1])
    const late = there.map((one) => (one.number === 1 ? { ...one, at: instant(29) } : one))
    const heads = {
      newest: async () => late.at(-1),
      numbered: async (number: number) => late[number - 1] ?? expect.unreachable(),
    }
    expect(await roundAfter(heads, instant(28))).toMatchObject({ first: 3, covers: true })
  })

  test('is none yet where the log has gone on since: the last whole one then covers what was before it', async () => {
    const { heads } = kept([2, 3, 4])
    expect(await roundAfter(heads, instant(100))).toMatchObject({ first: 6, last: 9, covers: false })
    const cut = kept([2, 3, 4], 1)
    expect(await roundAfter(cut.heads, instant(100))).toMatchObject({ first: 3, last: 5, covers: false })
    expect(await roundAfter(cut.heads, instant(20))).toMatchObject({ first: 3, last: 5, covers: false })
  })

  test('is none where nothing was written, or nothing whole', async () => {
    expect(await roundAfter(kept([]).heads, instant(0))).toBeUndefined()
    expect(await roundAfter(kept([3], 1).heads, instant(0))).toBeUndefined()
    expect(await roundAfter(kept([3]).heads, instant(0))).toMatchObject({ first: 1, last: 3, covers: false })
  })

  test('is found by some dozen reads among the documents of ten years', async () => {
    const { heads, asked } = kept(Array(3650).fill(4))
    expect(await roundAfter(heads, instant(24 * 1000))).toMatchObject({ covers: true })
    expect(asked()).toBeLessThan(120)
  })

  test('is whole and begins after the instant, whatever days there were', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 12 }),
        fc.nat({ max: 3 }),
        fc.integer({ min: -10, max: 320 }),
        async (days, missing, hours) => {
          const { there, heads } = kept(days, missing)
          const round = await roundAfter(heads, instant(hours))
          const whole = there.filter(({ through }) => through === null)
          if (!round) {
            expect(whole).toEqual([])
            return
          }
          const [before, first, last] = [
            there[round.first - 2],
            there[round.first - 1],
            there[round.last - 1],
          ]
          expect(before?.through ?? null).toBeNull()
          expect(last?.through).toBeNull()
          expect(new Set(there.slice(round.first - 1, round.last).map(({ day }) => day)).size).toBe(1)
          expect(first?.number).toBe(round.first)
          if (round.covers) expect((before?.at ?? '') >= instant(hours)).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('is none, and not another, where a clock was wrong and days fall', async () => {
    const { heads, there } = kept([2, 2, 2, 2])
    const odd = there.map((one) => (one.number < 3 ? { ...one, day: '2099-01-01' } : one))
    const wrong = {
      newest: async () => odd.at(-1),
      numbered: async (n: number) => odd[n - 1] ?? expect.unreachable(),
    }
    for (const hours of [0, 30, 100]) {
      const round = await roundAfter(wrong, instant(hours))
      if (round) expect(odd[round.last - 1]?.through).toBeNull()
    }
    expect(await roundAfter(heads, instant(0))).toBeDefined()
  })
})
