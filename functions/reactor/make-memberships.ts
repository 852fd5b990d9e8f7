import { membershipEvents } from '../../events/membership.ts'
import { membershipJobAggregate, recordMemberships } from '../domain/membership/job.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { joinProfile } from '../domain/target/membership.ts'
import type { Log } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { sideBySide } from '../side-by-side.ts'
import { causedBy, type Duty, eventsIn, holds, streamOf } from './duty.ts'

const atOnce = 16
const longestDetail = 256

/** Works off the parts of a job that makes members. Each target keeps the job's key, so that a repeat is told from what was assigned before. */
export function makeMemberships({ log }: { readonly log: Log }): Duty {
  return {
    name: 'make-memberships',
    concerns: (commit) => holds(commit, 'MembershipsListed'),
    async act(commit) {
      const job = streamOf(commit).id
      const { state } = await log.load(membershipJobAggregate, job)
      if (!state.requested) return
      const { profile, by } = state.requested
      const metadata = causedBy(commit, by)
      const idempotency = { key: `memberships:${job}`, hash: job }
      for (const { data } of eventsIn(commit, membershipEvents.decode, 'MembershipsListed')) {
        if (state.made.includes(data.chunk)) continue
        const outcomes = await sideBySide(data.memberships, atOnce, async ({ target, ...membership }) => {
          const decision = joinProfile({ profile, ...membership })
          const outcome = await log.execute(targetAggregate, target, decision, { ...metadata, idempotency })
          settled(`target#${target}`, outcome)
          return outcome
        })
        const already = outcomes.flatMap(({ kind }, place) => (kind === 'unchanged' ? [place] : []))
        const failed = outcomes.flatMap((outcome, place) =>
          outcome.kind === 'rejected'
            ? [{ place, detail: outcome.rejection.detail.slice(0, longestDetail) }]
            : [],
        )
        const record = recordMemberships({ chunk: data.chunk, already, failed })
        settled(commit.stream, await log.execute(membershipJobAggregate, job, record, metadata))
      }
    },
  }
}
