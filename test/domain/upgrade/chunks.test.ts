import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attentionTo,
  type Chunks,
  closedChunks,
  freshMembers,
  memberAt,
  membersInFlight,
  membersWith,
  roomForChunks,
  settle,
} from '../../../functions/domain/upgrade/chunks.ts'
import {
  eachMember,
  fromCode,
  memberStatuses,
  sizeOf,
  statusFrom,
  toCharacter,
  toRanges,
} from '../../../functions/domain/upgrade/members.ts'
import { isPlanned } from '../../../functions/domain/upgrade/state.ts'
import { later } from '../given.ts'
import {
  admitted,
  deferred,
  ended,
  everyFailureBorne,
  fold,
  type History,
  retrying,
  running,
  skipped,
  upgradeOf,
  waveEnded,
  waveStarted,
} from './stories.ts'

function chunksAfter(...history: History): Chunks {
  const state = fold(history)
  if (!isPlanned(state)) throw new Error('There is no plan.')
  return state.chunks
}
const keptOf = ({ open, sparse }: Chunks) => [...Object.keys(open), ...Object.keys(sparse)].map(Number)
const borne = { failures: everyFailureBorne }

describe('a chunk', () => {
  it('is kept from the first of its members on that is admitted or skipped', () => {
    expect(keptOf(chunksAfter(...upgradeOf(1000)))).toEqual([])
    expect(keptOf(chunksAfter(...running(1000, { parallel: 401 })))).toEqual([0, 1])
    expect(keptOf(chunksAfter(...upgradeOf(1000), skipped(999)))).toEqual([2])
  })
  it('is forgotten when the last of its members is through', () => {
    const first = [...running(1000, { parallel: 400 }), ended('succeeded', [0, 399])] as const
    expect(keptOf(chunksAfter(...first))).toEqual([0])
    expect(keptOf(chunksAfter(...first, ended('failed', 399)))).toEqual([])
  })
  it.each([
    ['is to be tried again', retrying(399, later(60))],
    ['is busy', deferred(399)],
  ])('is kept while one of them %s', (_, event) => {
    expect(
      keptOf(chunksAfter(...running(1000, { ...borne, parallel: 400 }), ended('succeeded', [0, 399]), event)),
    ).toEqual([0])
  })
  it('is kept while one of them was never admitted', () => {
    const half = [...running(1000, { parallel: 200 }), ended('succeeded', [0, 200])] as const
    expect(keptOf(chunksAfter(...half))).toEqual([0])
  })
  it('is forgotten, the last one too, which may be short', () => {
    expect(keptOf(chunksAfter(...running(3), ended('succeeded', [0, 3])))).toEqual([])
  })
  it('knows where its members stand, how often they were admitted and how often they failed', () => {
    const chunks = chunksAfter(
      ...running(5, borne),
      retrying(1, later(60)),
      admitted(null, { retried: [[1, 2, 2]] }),
    )
    expect(memberAt(chunks, 0)).toEqual({ status: 'in_flight', n: 1, failures: 0 })
    expect(memberAt(chunks, 1)).toEqual({ status: 'in_flight', n: 2, failures: 1 })
    expect(memberAt(chunksAfter(...running(5, { parallel: 1 })), 4)).toEqual({
      status: 'pending',
      n: 0,
      failures: 0,
    })
    expect(memberAt(chunks, 400)).toBeUndefined()
    expect(membersInFlight(chunks)).toContainEqual({ member: 1, n: 2 })
  })
  it('wants no attention for what it has no member for any more', () => {
    const all = [...running(3, borne), retrying(0, later(60)), deferred(1, later(90))] as const
    const wanted = (...history: History) => attentionTo(chunksAfter(...history), 0)
    expect(wanted(...all)).toEqual({
      askAgain: null,
      askBy: later(600),
      retryAt: later(60),
      deferredAt: later(90),
    })
    expect(wanted(...all, ended('succeeded', 2))).toMatchObject({ askBy: null, askAgain: null })
    expect(wanted(...all, skipped(0, 'retrying'))).toMatchObject({
      retryAt: null,
      deferredAt: later(90),
    })
    expect(wanted(...all, skipped(1, 'deferred'))).toMatchObject({
      retryAt: later(60),
      deferredAt: null,
    })
  })
})

describe('a chunk of which few are not through', () => {
  const stragglers = (count: number) => [
    ...running(1200, { ...borne, parallel: 800 }),
    ended('succeeded', [0, 400 - count]),
  ]

  it('names those alone, until so many wait that a character for each member is shorter', () => {
    const few = chunksAfter(...stragglers(100))
    expect([Object.keys(few.open), Object.keys(few.sparse)]).toEqual([['1'], ['0']])
    const many = chunksAfter(...stragglers(101))
    expect([Object.keys(many.open), Object.keys(many.sparse)]).toEqual([['0', '1'], []])
  })
  it('knows of them what it knew, and nothing of the others', () => {
    const chunks = chunksAfter(...stragglers(3), retrying(398, later(60)), deferred(399, later(90)))
    expect(memberAt(chunks, 397)).toEqual({ status: 'in_flight', n: 1, failures: 0 })
    expect(memberAt(chunks, 398)).toEqual({ status: 'retrying', n: 1, failures: 1 })
    expect(memberAt(chunks, 396)).toBeUndefined()
    expect(attentionTo(chunks, 0)).toEqual({
      ...{ askBy: later(600), askAgain: null, retryAt: later(60), deferredAt: later(90) },
    })
    expect([...membersWith(chunks, 'in_flight')].map(([member]) => member)).toEqual([
      397,
      ...Array.from({ length: 400 }, (_, place) => 400 + place),
    ])
  })
  it('goes on with them: they are admitted again, asked, and end', () => {
    const again = [
      ...stragglers(2),
      retrying(398, later(60)),
      admitted(null, { retried: [[398, 399, 2]] }),
    ] as const
    expect(memberAt(chunksAfter(...again), 398)).toEqual({ status: 'in_flight', n: 2, failures: 1 })
    expect(keptOf(chunksAfter(...again, ended('succeeded', [398, 400])))).toEqual([1])
  })
  it('is passed over where the few were skipped ahead of it, and they are all', () => {
    const ahead = [...running([1, 801], { parallel: 1 }), skipped([1, 401])] as const
    const chunks = chunksAfter(...ahead, ended('succeeded', 0), waveEnded(), waveStarted(1))
    expect([chunks.cursor, keptOf(chunks)]).toEqual([401, [1]])
  })
})

describe('who was never admitted', () => {
  const fresh = (chunks: Chunks, end: number, open = 25) => [
    ...freshMembers(chunks, end, (open * roomForChunks) / 25),
  ]

  it('comes in the order of the plan, as far as the wave goes', () => {
    expect(fresh(chunksAfter(...running([4, 6], { parallel: 2 })), 4)).toEqual([2, 3])
    expect(fresh(closedChunks(3), 3)).toEqual([0, 1, 2])
  })
  it('is passed over when it was skipped ahead', () => {
    expect(fresh(chunksAfter(...upgradeOf(5), skipped(0), skipped([2, 4])), 5)).toEqual([1, 4])
  })
  it('waits while as many chunks are open as the state has room for', () => {
    expect(fresh(closedChunks(1600), 1600, 2)).toHaveLength(800)
    const chunks = chunksAfter(...running(1600, { parallel: 399 }))
    expect(fresh(chunks, 1600, 2)).toHaveLength(401)
    expect(
      fresh(chunksAfter(...upgradeOf(1600), skipped([1400, 1600])), 1600, 2),
      'one is open at the end',
    ).toHaveLength(400)
    const few = Array.from({ length: 40 }, (_, place) => skipped(400 * place + 7))
    expect(
      fresh(chunksAfter(...upgradeOf(16_000), ...few), 16_000, 5),
      'each of forty names one',
    ).toHaveLength(800 - 2)
  })
  it('comes one chunk at a time however little room there is, so that it always goes on', () => {
    expect(fresh(closedChunks(1600), 1600, 0)).toHaveLength(400)
    expect(fresh(chunksAfter(...upgradeOf(1600), skipped([900, 1600])), 1600, 0)).toHaveLength(400)
  })
})

describe('the cursor', () => {
  it('stands after the last that was admitted, and after who was skipped there', () => {
    expect(chunksAfter(...running(9, { parallel: 3 })).cursor).toBe(3)
    expect(chunksAfter(...running(9, { parallel: 3 }), skipped([3, 5])).cursor).toBe(5)
    expect(chunksAfter(...running(9, { parallel: 3 }), skipped(4)).cursor).toBe(3)
  })
  it('never goes beyond the wave, so that the next one begins with its first member', () => {
    const ahead = [...running([3, 9]), skipped([3, 5])] as const
    expect(chunksAfter(...ahead).cursor).toBe(3)
    expect(chunksAfter(...ahead, ended('succeeded', [0, 3]), waveEnded(), waveStarted(1)).cursor).toBe(5)
    expect(settle(chunksAfter(...ahead), 4).cursor).toBe(4)
  })
  it('does not go back for who is admitted again', () => {
    const again = [
      ...running(9, { parallel: 3 }),
      deferred(0),
      admitted(null, { readmitted: [[0, 1, 2]] }),
    ] as const
    expect(chunksAfter(...again).cursor).toBe(3)
  })
})

describe('a member in one character', () => {
  const anyMember = fc.record({
    status: fc.constantFrom(...memberStatuses),
    n: fc.integer({ min: 0, max: 501 }),
    failures: fc.integer({ min: 0, max: 7 }),
  })

  it('is read as it was written, in one character of a text', () => {
    fc.assert(
      fc.property(anyMember, (member) => {
        const character = toCharacter(member)
        expect([...character]).toHaveLength(1)
        expect(fromCode(character.charCodeAt(0))).toEqual(member)
        expect(statusFrom(character.charCodeAt(0))).toBe(member.status)
      }),
    )
  })
  it('counts at most seven failures, more than any request may ask to bear', () => {
    expect(fromCode(toCharacter({ status: 'failed', n: 9, failures: 9 }).charCodeAt(0)).failures).toBe(7)
  })
  it('is refused where the character stands for none', () => {
    expect(() => fromCode(47)).toThrow('Character code 47 is no member of an upgrade.')
  })
})

describe('ranges of members', () => {
  it('hold the same members, as few as there can be', () => {
    const ascending = fc.uniqueArray(fc.nat(60)).map((members) => members.sort((left, right) => left - right))
    fc.assert(
      fc.property(ascending, (members) => {
        const ranges = toRanges(members)
        expect([...eachMember(ranges)]).toEqual(members)
        expect(sizeOf(ranges)).toBe(members.length)
        for (const [place, [from]] of ranges.entries())
          expect(from).toBeGreaterThan(ranges[place - 1]?.[1] ?? -1)
      }),
    )
  })
})
