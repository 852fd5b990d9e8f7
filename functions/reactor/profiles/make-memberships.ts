import type { RequestedMembership } from '../../../events/membership.ts'
import { refOf } from '../../../events/stream.ts'
import { membershipJobAggregate, recordMemberships } from '../../domain/membership/job.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { joinProfile } from '../../domain/target/membership.ts'
import { atOnce } from '../../patience.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { duty, isAnswered } from '../duty.ts'
import type { Healer } from '../healer.ts'
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
    const join = ({ target, ...membership }: RequestedMembership) =>
      log.of(targetAggregate, target).carryOut(joinProfile({ profile, ...membership, windowHours }), {
        ...cause,
        actor: by,
        idempotency,
      })
    const each = new OnTheirOwn()
    for (const { data } of events) {
      if (made.includes(data.chunk)) continue
      const joined = new Map<number, Awaited<ReturnType<typeof join>>>()
      await each.each(
        data.memberships.entries(),
        atOnce.targets,
        async ([place, membership]) => joined.set(place, await join(membership)),
        ([, { target }]) => target,
      )
      // What became of a part is told once, and whole.
      if (joined.size < data.memberships.length) continue
      const outcomes = data.memberships.flatMap((_, place) => joined.get(place) ?? [])
      const already = outcomes.flatMap(({ kind }, place) => (kind === 'unchanged' ? [place] : []))
      const failed = outcomes.flatMap((outcome, place) =>
        outcome.kind === 'rejected'
          ? [{ place, detail: outcome.rejection.detail.slice(0, longestDetail) }]
          : [],
      )
      const record = recordMemberships({ chunk: data.chunk, already, failed })
      await log.of(membershipJobAggregate, job).carryOut(record, { ...cause, actor: by })
    }
    each.end()
  },
)

/** Works off the parts of a job that nobody has, however long ago it was asked for. */
export const makesMemberships: Healer = {
  aggregate: membershipJobAggregate.name,
  async heal(services, { id }) {
    const { log } = services
    const { listed, made } = (await log.load(membershipJobAggregate, id)).state
    if (made.length >= listed) return 0
    const { name } = log.of(membershipJobAggregate, id)
    const each = new OnTheirOwn()
    await each.each(
      log.commits(name, { consistent: true }),
      1,
      async (commit) => {
        if (isAnswered(makeMemberships.answers, commit)) await makeMemberships.act(commit, services)
      },
      ({ stream, commit }) => refOf(stream, commit),
    )
    each.end()
    return listed - made.length
  },
}
