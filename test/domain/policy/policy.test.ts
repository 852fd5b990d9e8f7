import { describe, expect, it } from 'vitest'
import {
  judgeUnsigned,
  liftFreeze,
  placeFreeze,
  policyAggregate,
} from '../../../functions/domain/policy/policy.ts'
import { specOf, start } from '../given.ts'

const { fold, given } = specOf(policyAggregate)
const place = (by = 'operator-1', reason = 'incident') => placeFreeze({ reason, by })
const placed = (stop: string, reason = 'incident') =>
  ({ type: 'FreezePlaced', data: { stop, reason } }) as const
const lift = (stop: string) => liftFreeze({ stop, reason: 'over' })
const lifted = (stop: string) => ({ type: 'FreezeLifted', data: { stop, reason: 'over' } }) as const

describe('stopping everything', () => {
  it('records who stopped it, why and since when', () => {
    given().when(place()).thenEvents(placed('stop-1'))
    expect(fold([placed('stop-1')]).stops).toEqual([
      { id: 'stop-1', reason: 'incident', by: 'operator-1', since: start },
    ])
  })
  it('is one stop for who says it again, and another for who gives another reason, or is somebody else', () => {
    given().when(place('a')).thenIdempotent()
    given(placed('stop-1')).when(place()).thenNothing()
    given(placed('stop-1')).when(place('operator-1', 'audit')).thenEvents(placed('stop-2', 'audit'))
    given(placed('stop-1')).when(place('operator-2')).thenEvents(placed('stop-2'))
  })
  it('lasts until each stop was lifted by its id, with a reason', () => {
    const both = [placed('stop-1'), placed('stop-2', 'audit')] as const
    given(...both)
      .when(lift('stop-1'))
      .thenEvents(lifted('stop-1'))
    expect(fold([...both, lifted('stop-1')]).stops).toMatchObject([{ id: 'stop-2', reason: 'audit' }])
    expect(fold([...both, lifted('stop-1'), lifted('stop-2')]).stops).toEqual([])
  })
  it('is not lifted where no such stop is in force', () => {
    given().when(lift('stop-1')).thenRejected('stop-not-found')
    given(placed('stop-1'), lifted('stop-1')).when(lift('stop-1')).thenRejected('stop-not-found')
  })
  it('gives no stop the id of an earlier one', () => {
    given(placed('stop-1'), lifted('stop-1')).when(place()).thenEvents(placed('stop-2'))
  })
  it('is bounded: a hundred stops are in force at most', () => {
    const all = Array.from({ length: 100 }, (_, place) => placed(`stop-${place + 1}`, `reason ${place}`))
    given(...all)
      .when(place())
      .thenRejected('too-many-stops')
    given(...all, lifted('stop-7'))
      .when(place())
      .thenEvents(placed('stop-101'))
  })
})

describe('what the deployment says of unsigned releases', () => {
  it('is noted when it changes: at first they are allowed', () => {
    const judged = (allowed: boolean) => ({ type: 'UnsignedReleasesJudged', data: { allowed } }) as const
    given().when(judgeUnsigned('allowed')).thenNothing()
    given().when(judgeUnsigned('refused')).thenEvents(judged(false))
    given().when(judgeUnsigned('refused')).thenIdempotent()
    given(judged(false)).when(judgeUnsigned('allowed')).thenEvents(judged(true))
    expect([fold([]).unsigned, fold([judged(false)]).unsigned]).toEqual(['allowed', 'refused'])
  })
})
