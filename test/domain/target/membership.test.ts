import { describe, expect, it } from 'vitest'
import type { TargetEvent } from '../../../events/target.ts'
import { targetAggregate } from '../../../functions/domain/target/aggregate.ts'
import { assignProfile, unassignProfile } from '../../../functions/domain/target/assignment.ts'
import { specOf } from '../given.ts'
import { facts } from './stories.ts'

const { fold, given } = specOf(targetAggregate)
const registered: TargetEvent = {
  type: 'TargetRegistered',
  data: { facts: { ...facts, type: 'publisher' }, components: {}, enrolment: null, revision: 1 },
}
const override = { maintenance_window_hours: null, rollback_on_failure: null }
const assignment = { profile: 'weekly', type: 'publisher', priority: 5, override }
const assigned = (profile: string, revision: number, priority = 5): TargetEvent => ({
  type: 'ProfileAssigned',
  data: { profile, priority, override, revision },
})

describe('assigning a target to a profile', () => {
  it('is recorded once', () => {
    given(registered).when(assignProfile(assignment)).thenEvents(assigned('weekly', 2))
    given(registered).when(assignProfile(assignment)).thenIdempotent()
  })
  it('replaces the priority and the override of the same profile, and leaves other profiles alone', () => {
    given(registered, assigned('weekly', 2), assigned('monthly', 3))
      .when(assignProfile({ ...assignment, priority: 1 }))
      .thenEvents(assigned('weekly', 4, 1))
    const { assignments } = fold([
      registered,
      assigned('weekly', 2),
      assigned('monthly', 3),
      assigned('weekly', 4, 1),
    ])
    expect(assignments).toEqual({ weekly: { priority: 1, override }, monthly: { priority: 5, override } })
  })
  it('is refused for what is not there, is retired, is of another type, or has too many', () => {
    given().when(assignProfile(assignment)).thenRejected('target-not-found')
    given(registered, { type: 'TargetRetired', data: { reason: 'sold', revision: 2 } })
      .when(assignProfile(assignment))
      .thenRejected('target-retired')
    given(registered)
      .when(assignProfile({ ...assignment, type: 'local_broker' }))
      .thenRejected('resource-type-mismatch')
    const eight = Array.from({ length: 8 }, (_, index) => assigned(`profile-${index}`, index + 2))
    given(registered, ...eight)
      .when(assignProfile(assignment))
      .thenRejected('too-many-profiles')
    given(registered, ...eight)
      .when(assignProfile({ ...assignment, profile: 'profile-3', priority: 2 }))
      .thenTypes('ProfileAssigned')
  })
})

describe('taking a target out of a profile', () => {
  it('is recorded once, and changes nothing where it is not assigned', () => {
    given(registered, assigned('weekly', 2))
      .when(unassignProfile({ profile: 'weekly' }))
      .thenIdempotent()
    given(registered)
      .when(unassignProfile({ profile: 'weekly' }))
      .thenNothing()
    given()
      .when(unassignProfile({ profile: 'weekly' }))
      .thenNothing()
    expect(
      fold([
        registered,
        assigned('weekly', 2),
        { type: 'ProfileUnassigned', data: { profile: 'weekly', revision: 3 } },
      ]).assignments,
    ).toEqual({})
  })
})
