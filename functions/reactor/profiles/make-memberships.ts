import { membershipJobAggregate, recordMemberships } from '../../domain/membership/job.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { joinProfile } from '../../domain/target/membership.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'

const longestDetail = 256

/** Works off the parts of a job that makes members. Each target keeps the job's key, so that a repeat is told from what was made before. */
export const makeMemberships = duty(
  'make-memberships',
  membershipJobAggregate,
  ['MembershipsListed'],
  async ({ id: job, events, cause }, { log }: Pick<ReactorServices, 'log'>) => {
    const { requested, made } = (await log.load(membershipJobAggregate, job)).state
    if (!requested) return
    const { profile, by } = requested
    const { definition } = (await log.load(profileAggregate, profile)).state
    const windowHours = definition?.schedule.maintenance_window_hours
    const idempotency = { key: `memberships:${job}`, hash: job }
    for (const { data } of events) {
      if (made.includes(data.chunk)) continue
      const outcomes = await sideBySide(data.memberships, atOnce.targets, ({ target, ...membership }) =>
        log.of(targetAggregate, target).carryOut(joinProfile({ profile, ...membership, windowHours }), {
          ...cause,
          actor: by,
          idempotency,
        }),
      )
      const already = outcomes.flatMap(({ kind }, place) => (kind === 'unchanged' ? [place] : []))
      const failed = outcomes.flatMap((outcome, place) =>
        outcome.kind === 'rejected'
          ? [{ place, detail: outcome.rejection.detail.slice(0, longestDetail) }]
          : [],
      )
      const record = recordMemberships({ chunk: data.chunk, already, failed })
      await log.of(membershipJobAggregate, job).carryOut(record, { ...cause, actor: by })
    }
  },
)
