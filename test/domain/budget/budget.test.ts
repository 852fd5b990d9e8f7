import { describe, expect, it } from 'vitest'
import type { BudgetEvent } from '../../../events/budget.ts'
import {
  askForShare,
  budgetAggregate,
  fairShare,
  sharedOut,
  takeBack,
} from '../../../functions/domain/budget/budget.ts'
import { later, specOf } from '../given.ts'

const { fold, given } = specOf(budgetAggregate)

const limit = 10
const ask = (upgrade: string, wants: number) => askForShare({ upgrade, wants, limit })
const awaited = (upgrade: string, wants: number): BudgetEvent => ({
  type: 'ShareAwaited',
  data: { upgrade, wants },
})
const granted = (upgrade: string, share: number): BudgetEvent => ({
  type: 'ShareGranted',
  data: { upgrade, share, limit },
})
const returned = (upgrade: string, share: number, until: string | null = null): BudgetEvent => ({
  type: 'ShareReturned',
  data: { upgrade, share, until },
})
const giveBack = (
  upgrade: string,
  share: number,
  { grant = null, until = null }: { grant?: number | null; until?: string | null } = {},
  of: number | null = limit,
) => takeBack({ upgrade, share, grant, until, limit: of })

describe('a budget', () => {
  it('is had whole by whom nobody else asks beside, and by none twice', () => {
    given().when(ask('a', 4)).thenEvents(awaited('a', 4), granted('a', 4))
    given().when(ask('a', 4)).thenIdempotent()
    given().when(ask('a', 40)).thenEvents(awaited('a', 10), granted('a', 10))
    given(awaited('a', 10), granted('a', 10)).when(ask('a', 40)).thenNothing()
  })

  it('never has more shares than there are: who comes later waits, and is not heard twice', () => {
    given(granted('a', 10)).when(ask('b', 5)).thenEvents(awaited('b', 5))
    given(granted('a', 10)).when(ask('b', 5)).thenIdempotent()
    given(granted('a', 8)).when(ask('b', 5)).thenEvents(awaited('b', 5), granted('b', 2))
  })

  it('goes to those who wait, to each what all would have in equal parts, and then what is left', () => {
    const waiting = [granted('a', 10), awaited('b', 9), awaited('c', 2)] as const
    given(...waiting)
      .when(giveBack('a', 0))
      .thenEvents(returned('a', 0), granted('b', 8), granted('c', 2))
    given(...waiting)
      .when(giveBack('a', 3, { grant: 1 }))
      .thenEvents(returned('a', 3), granted('b', 5), granted('c', 2))
    given(...waiting)
      .when(giveBack('a', 9, { grant: 1 }))
      .thenEvents(returned('a', 9), granted('b', 1))
  })

  it('takes back what is said of the grant that there is, and nothing that is said of an earlier one', () => {
    const again = [granted('a', 4), awaited('a', 8), granted('a', 8)] as const
    given(...again)
      .when(giveBack('a', 2, { grant: 1 }))
      .thenNothing()
    given(...again)
      .when(giveBack('a', 2, { grant: 3 }))
      .thenIdempotent()
    given(...again)
      .when(giveBack('a', 9, { grant: 3 }))
      .thenNothing()
  })

  it('is left by whom is over, though they wait still', () => {
    given(granted('a', 10), awaited('b', 5)).when(giveBack('b', 0)).thenEvents(returned('b', 0))
    given(granted('a', 10)).when(giveBack('b', 0)).thenNothing()
  })

  it('of an hour is used until that is over by whom is over', () => {
    const until = later(3900)
    const over = [granted('a', 10), returned('a', 10, until)] as const
    given(granted('a', 10), awaited('b', 5))
      .when(giveBack('a', 10, { until }))
      .thenEvents(returned('a', 10, until))
    given(...over)
      .when(giveBack('a', 10, { until }))
      .thenNothing()
    given(...over)
      .when(ask('b', 5), later(3899))
      .thenEvents(awaited('b', 5))
    given(...over)
      .when(ask('b', 5), until)
      .thenEvents(awaited('b', 5), granted('b', 5))
  })

  it('counts nobody any more whose hour is over', () => {
    const until = later(3900)
    const state = fold([granted('a', 6), returned('a', 6, until), granted('b', 2)])
    expect([sharedOut(state, later(3899)), fairShare(state, limit, later(3899))]).toEqual([8, 5])
    expect([sharedOut(state, until), fairShare(state, limit, until)]).toEqual([2, 10])
  })

  it('that there is no more is granted to nobody', () => {
    given(granted('a', 10), awaited('b', 5))
      .when(giveBack('a', 0, {}, null))
      .thenEvents(returned('a', 0))
  })

  it('is asked again by those for whom there is no place to wait, and held by as many as there is place for', () => {
    const crowd = Array.from({ length: 100 }, (_, place) => awaited(`w${place}`, 1))
    given(granted('a', 10), ...crowd)
      .when(ask('b', 5))
      .thenNothing()
  })
})
