import { describe, expect, it } from 'vitest'
import { liftFreeze, placeFreeze, policyAggregate } from '../../../functions/domain/policy/policy.ts'
import { specOf, start } from '../given.ts'

const { fold, given } = specOf(policyAggregate)
const placed = { type: 'FreezePlaced', data: { reason: 'incident' } } as const
const lifted = { type: 'FreezeLifted', data: { reason: 'over' } } as const

describe('stopping everything', () => {
  it('records who stopped it, why and since when', () => {
    given()
      .when(placeFreeze({ reason: 'incident' }))
      .thenEvents(placed)
    expect(fold([placed]).freeze).toEqual({ reason: 'incident', by: 'operator-1', since: start })
  })
  it('keeps the first stop when another follows', () => {
    given()
      .when(placeFreeze({ reason: 'incident' }))
      .thenIdempotent()
    given(placed)
      .when(placeFreeze({ reason: 'another' }))
      .thenNothing()
  })
  it('is lifted with a reason, once, and can be placed again', () => {
    given(placed)
      .when(liftFreeze({ reason: 'over' }))
      .thenEvents(lifted)
    given(placed)
      .when(liftFreeze({ reason: 'over' }))
      .thenIdempotent()
    given()
      .when(liftFreeze({ reason: 'over' }))
      .thenNothing()
    given(placed, lifted)
      .when(placeFreeze({ reason: 'incident' }))
      .thenEvents(placed)
  })
})
