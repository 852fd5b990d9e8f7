import type { Commit } from '../../events/envelope.ts'
import { upgradeEvents } from '../../events/upgrade.ts'
import { isCritical } from '../domain/critical.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { heedFailures as heed } from '../domain/profile/execution.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import type { Log } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { causedBy, type Duty, eventsIn, holds, streamOf } from './duty.ts'

function criticalCodes(commit: Commit): string[] {
  return eventsIn(commit, upgradeEvents.decode, 'OutcomesRecorded').flatMap(({ data }) =>
    data.outcomes.flatMap(({ code }) => (code !== null && isCritical(code) ? [code] : [])),
  )
}

/** A critical failure in an upgrade that a profile started: the profile goes out of service now, whatever becomes of the upgrade (P13). */
export function heedFailures({ log }: { readonly log: Log }): Duty {
  return {
    name: 'heed-failures',
    concerns: (commit) =>
      streamOf(commit).aggregate === 'upgrade' &&
      holds(commit, 'OutcomesRecorded') &&
      criticalCodes(commit).length > 0,
    async act(commit) {
      const upgrade = streamOf(commit).id
      const { request } = (await log.load(upgradeAggregate, upgrade)).state
      const profile = request?.selection.profile
      if (profile === undefined) return
      const decision = heed({ upgrade, codes: criticalCodes(commit) })
      const metadata = causedBy(commit, systemActor)
      const outcome = await log.execute(profileAggregate, profile, decision, metadata, { retryFor: 5000 })
      settled(`profile#${profile}`, outcome)
    },
  }
}
