import { describe, it } from 'vitest'
import {
  enrolAgent,
  issueEnrolment,
  patchTarget,
  pinTarget,
  registerTarget,
  retireTarget,
  unpinTarget,
} from '../../../functions/domain/target/registration.ts'
import { later } from '../given.ts'
import { accepted, assigned, ended, facts, fold, given, registered } from './stories.ts'

const registration = {
  facts,
  components: { api: '1.1.0', web: '3.0.0' },
  enrolment: { hash: 'token-1', expiresAt: later(3600) },
}
const pinned = { type: 'TargetPinned', data: { component: 'api', reason: 'audit', revision: 2 } } as const
const retired = { type: 'TargetRetired', data: { reason: 'sold', revision: 2 } } as const
const enrolled = { type: 'AgentEnrolled', data: { keyHash: 'key-1', revision: 2 } } as const

describe('registering', () => {
  it('records the facts, the components and the enrolment', () => {
    given().when(registerTarget(registration)).thenEvents(registered)
  })
  it('changes nothing when repeated, though the enrolment token is another', () => {
    given().when(registerTarget(registration)).thenIdempotent()
    const again = { ...registration, enrolment: { hash: 'token-2', expiresAt: later(7200) } }
    given(registered).when(registerTarget(again)).thenNothing()
  })
  it('is still the same registration after the target was changed and upgraded', () => {
    const patched = { type: 'TargetPatched', data: { facts: { critical: true }, revision: 2 } } as const
    const reported = {
      type: 'VersionReported',
      data: { component: 'api', version: '9.0.0', revision: 3 },
    } as const
    given(registered, patched, reported).when(registerTarget(registration)).thenNothing()
  })
  it('refuses other content under a known name', () => {
    const other = { ...registration, components: { api: '1.1.1' } }
    given(registered).when(registerTarget(other)).thenRejected('target-exists')
  })
  it('also registers a target of which only a refused attempt is known', () => {
    const skipped = ended({ outcome: 'skipped', code: 'not_registered', sequence: 1, revision: 1 })
    given(skipped)
      .when(registerTarget(registration))
      .thenEvents({ ...registered, data: { ...registered.data, revision: 2 } } as typeof registered)
  })
})

describe('patching', () => {
  it('records only what changes', () => {
    given(registered)
      .when(patchTarget({ critical: true, region: 'eu-central-1', tags: { tier: 'gold' } }))
      .thenEvents({ type: 'TargetPatched', data: { facts: { critical: true }, revision: 2 } })
  })
  it('changes nothing when repeated', () => {
    given(registered)
      .when(patchTarget({ tags: { tier: 'silver' }, region: null }))
      .thenIdempotent()
  })
  it('is refused for an unknown and for a retired target', () => {
    given()
      .when(patchTarget({ critical: true }))
      .thenRejected('target-not-found')
    given(registered, retired)
      .when(patchTarget({ critical: true }))
      .thenRejected('target-retired')
  })
})

describe('pinning', () => {
  it('keeps a component where it is', () => {
    given(registered)
      .when(pinTarget({ component: 'api', reason: 'audit' }))
      .thenEvents(pinned)
  })
  it('takes the place of an earlier pin', () => {
    given(registered, pinned)
      .when(pinTarget({ component: null, reason: 'audit' }))
      .thenEvents({ type: 'TargetPinned', data: { component: null, reason: 'audit', revision: 3 } })
  })
  it('changes nothing when repeated, nor does lifting', () => {
    given(registered)
      .when(pinTarget({ component: null, reason: 'audit' }))
      .thenIdempotent()
    given(registered, pinned).when(unpinTarget()).thenIdempotent()
    given(registered).when(unpinTarget()).thenNothing()
  })
  it('is refused for an unknown target', () => {
    given()
      .when(pinTarget({ component: null, reason: 'audit' }))
      .thenRejected('target-not-found')
    given().when(unpinTarget()).thenRejected('target-not-found')
  })
})

describe('retiring', () => {
  it('takes a target out of service, once', () => {
    given(registered)
      .when(retireTarget({ reason: 'sold', force: false }))
      .thenEvents(retired)
    given(registered)
      .when(retireTarget({ reason: 'sold', force: false }))
      .thenIdempotent()
  })
  it('is refused while an update is in progress (M19)', () => {
    given(registered, assigned())
      .when(retireTarget({ reason: 'sold', force: false }))
      .thenRejected('update-in-progress')
  })
  it('cancels that update when forced', () => {
    const command = retireTarget({ reason: 'sold', force: true })
    given(registered, assigned(), accepted())
      .when(command)
      .thenEvents(ended({ outcome: 'cancelled', code: 'RETIRED' }), {
        type: 'TargetRetired',
        data: { reason: 'sold', revision: 3 },
      })
    given(registered, assigned(), accepted()).when(command).thenIdempotent()
  })
  it('is refused for an unknown target', () => {
    given()
      .when(retireTarget({ reason: 'sold', force: true }))
      .thenRejected('target-not-found')
  })
})

describe('enrolling', () => {
  const request = { tokenHash: 'token-1', keyHash: 'key-1' }
  it('gives the agent its key in return for the token', () => {
    given(registered).when(enrolAgent(request)).thenEvents(enrolled)
  })
  it('answers a repeated call of the same agent alike, even after the token expired', () => {
    given(registered).when(enrolAgent(request)).thenIdempotent()
    given(registered, enrolled).when(enrolAgent(request), later(9999)).thenNothing()
  })
  it('refuses a used token to another key, an expired one, and one that was not issued', () => {
    const other = { ...request, keyHash: 'key-2' }
    given(registered, enrolled).when(enrolAgent(other)).thenRejected('enrolment-used')
    given(registered).when(enrolAgent(request), later(3599)).thenTypes('AgentEnrolled')
    given(registered).when(enrolAgent(request), later(3600)).thenRejected('enrolment-expired')
    given(registered)
      .when(enrolAgent({ ...request, tokenHash: 'token-9' }))
      .thenRejected('enrolment-refused')
  })
  it('voids an unused token when another is issued, and keeps the key until that is used', () => {
    const issued = {
      type: 'EnrolmentIssued',
      data: { hash: 'token-2', expiresAt: later(60), revision: 3 },
    } as const
    const issue = issueEnrolment({ hash: 'token-2', expiresAt: later(60) })
    given(registered, enrolled).when(issue).thenEvents(issued)
    given(registered, enrolled).when(issue).thenIdempotent()
    given(registered, enrolled, issued).when(enrolAgent(request)).thenRejected('enrolment-refused')
    given(registered, enrolled, issued)
      .when(enrolAgent({ tokenHash: 'token-2', keyHash: 'key-2' }))
      .thenEvents({ type: 'AgentEnrolled', data: { keyHash: 'key-2', revision: 4 } })
  })
  it('is refused once the target is retired', () => {
    given(registered, retired).when(enrolAgent(request)).thenRejected('target-retired')
    given(registered, retired)
      .when(issueEnrolment({ hash: 'token-2', expiresAt: later(60) }))
      .thenRejected('target-retired')
    given()
      .when(issueEnrolment({ hash: 'token-2', expiresAt: later(60) }))
      .thenRejected('target-not-found')
  })
})

describe('the key', () => {
  it('is void with the retirement, as is any enrolment', ({ expect }) => {
    const state = fold([registered, enrolled, retired])
    expect(state).toMatchObject({ keyHash: null, enrolment: null, retired: { reason: 'sold' } })
  })
})
