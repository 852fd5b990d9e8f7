import { describe, it } from 'vitest'
import type { TargetEvent } from '../../../events/target.ts'
import { assignAttempt, withholdAttempt } from '../../../functions/domain/target/attempt.ts'
import { holdLicence } from '../../../functions/domain/target/licence.ts'
import { hearEnvironment } from '../../../functions/domain/target/report.ts'
import { accepted, assigned, assignment, given, planned, registered } from './stories.ts'

const licence = { id: 'ab'.repeat(32), components: null, channels: null, expires: null }
const held = (revision = 2): TargetEvent => ({ type: 'LicenceHeld', data: { licence, revision } })
const said = (database: string, revision = 2): TargetEvent => ({
  type: 'EnvironmentReported',
  data: { environment: { database }, revision },
})
const asked = { database: ['PostgreSQL 14+'] }
const withheld = (unentitled: string | null | undefined, compatibility = {}) =>
  withholdAttempt({ attempt: planned().attempt, compatibility, unentitled })

describe('M18: what a target is not entitled to', () => {
  it('is not assigned, and what it needs a licence for says so', () => {
    given(registered)
      .when(assignAttempt({ ...assignment(), licensed: true, unentitled: null }))
      .thenTypes('AttemptEnded')
    given(registered, held())
      .when(assignAttempt({ ...assignment(), licensed: true, unentitled: licence.id }))
      .thenTypes('AttemptEnded')
    given(registered, held())
      .when(assignAttempt({ ...assignment(), licensed: true }))
      .thenTypes('AttemptAssigned')
  })

  it('is assigned where it has another licence by now than was judged: the hand-over judges that', () => {
    given(registered, held())
      .when(assignAttempt({ ...assignment(), licensed: true, unentitled: null }))
      .thenTypes('AttemptAssigned')
  })

  it('is given back once, and never after it was accepted', () => {
    given(registered, assigned()).when(withheld(null)).thenTypes('AttemptEnded')
    given(registered, assigned()).when(withheld(null)).thenIdempotent()
    given(registered, assigned()).when(withheld(undefined)).thenNothing()
    given(registered, held(), assigned()).when(withheld(null)).thenNothing()
    given(registered, assigned(), accepted()).when(withheld(null)).thenNothing()
  })
})

describe('M2: what does not fit where a target runs', () => {
  it('is not assigned, and given back where it was', () => {
    given(registered, said('PostgreSQL 13'))
      .when(assignAttempt({ ...assignment(), compatibility: asked }))
      .thenTypes('AttemptEnded')
    given(registered, said('PostgreSQL 15'))
      .when(assignAttempt({ ...assignment(), compatibility: asked }))
      .thenTypes('AttemptAssigned')
    given(registered)
      .when(assignAttempt({ ...assignment(), compatibility: asked }))
      .thenTypes('AttemptAssigned')
    given(registered, assigned(), said('13')).when(withheld(undefined, asked)).thenTypes('AttemptEnded')
  })
})

describe('a target', () => {
  it('says what is there, and has a licence; the same again changes nothing', () => {
    given(registered)
      .when(hearEnvironment({ database: '15' }))
      .thenIdempotent()
    given(registered, said('15'))
      .when(hearEnvironment({ database: '15' }))
      .thenNothing()
    given(registered).when(hearEnvironment({})).thenNothing()
    given(registered).when(holdLicence(licence)).thenIdempotent()
    given(registered).when(holdLicence(null)).thenNothing()
    given().when(holdLicence(licence)).thenRejected('target-not-found')
    given().when(hearEnvironment({})).thenRejected('target-not-found')
  })
})
