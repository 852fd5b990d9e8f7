import { describe, expect, it } from 'vitest'
import type { TargetEvent } from '../../../events/target.ts'
import { targetAggregate } from '../../../functions/domain/target/aggregate.ts'
import { joinProfile, leaveProfile } from '../../../functions/domain/target/membership.ts'
import { specOf } from '../given.ts'
import { facts } from './stories.ts'

const { fold, given } = specOf(targetAggregate)
const registered: TargetEvent = {
  type: 'TargetRegistered',
  data: { facts: { ...facts, type: 'publisher' }, components: {}, enrolment: null, revision: 1 },
}
const override = { maintenance_window_hours: null, rollback_on_failure: null }
const membership = { profile: 'weekly', type: 'publisher', priority: 5, override }
const joined = (profile: string, revision: number, priority = 5): TargetEvent => ({
  type: 'ProfileJoined',
  data: { profile, priority, override, revision },
})

describe('joining a profile', () => {
  it('is recorded once', () => {
    given(registered).when(joinProfile(membership)).thenEvents(joined('weekly', 2))
    given(registered).when(joinProfile(membership)).thenIdempotent()
  })
  it('replaces the priority and the override of the same profile, and leaves other profiles alone', () => {
    given(registered, joined('weekly', 2), joined('monthly', 3))
      .when(joinProfile({ ...membership, priority: 1 }))
      .thenEvents(joined('weekly', 4, 1))
    const { memberships } = fold([
      registered,
      joined('weekly', 2),
      joined('monthly', 3),
      joined('weekly', 4, 1),
    ])
    expect(memberships).toEqual({ weekly: { priority: 1, override }, monthly: { priority: 5, override } })
  })
  it('is refused for what is not there, is retired, is of another type, or has too many', () => {
    given().when(joinProfile(membership)).thenRejected('target-not-found')
    given(registered, { type: 'TargetRetired', data: { reason: 'sold', revision: 2 } })
      .when(joinProfile(membership))
      .thenRejected('target-retired')
    given(registered)
      .when(joinProfile({ ...membership, type: 'local_broker' }))
      .thenRejected('resource-type-mismatch')
    const hours = (own: number) => ({ ...override, maintenance_window_hours: own })
    given(registered)
      .when(joinProfile({ ...membership, override: hours(5), windowHours: 4 }))
      .thenRejected('own-hours-too-long')
    for (const own of [1, 4])
      given(registered)
        .when(joinProfile({ ...membership, override: hours(own), windowHours: 4 }))
        .thenTypes('ProfileJoined')
    const eight = Array.from({ length: 8 }, (_, index) => joined(`profile-${index}`, index + 2))
    given(registered, ...eight)
      .when(joinProfile(membership))
      .thenRejected('too-many-profiles')
    given(registered, ...eight)
      .when(joinProfile({ ...membership, profile: 'profile-3', priority: 2 }))
      .thenTypes('ProfileJoined')
  })
})

describe('taking a target out of a profile', () => {
  it('is recorded once, and changes nothing where it is no member', () => {
    given(registered, joined('weekly', 2))
      .when(leaveProfile({ profile: 'weekly' }))
      .thenIdempotent()
    given(registered)
      .when(leaveProfile({ profile: 'weekly' }))
      .thenNothing()
    given()
      .when(leaveProfile({ profile: 'weekly' }))
      .thenNothing()
    expect(
      fold([
        registered,
        joined('weekly', 2),
        { type: 'ProfileLeft', data: { profile: 'weekly', revision: 3 } },
      ]).memberships,
    ).toEqual({})
  })
})
