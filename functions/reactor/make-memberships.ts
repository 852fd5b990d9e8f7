import { assignmentEvents } from '../../events/assignment.ts'
import { assignmentJobAggregate, recordAssignments } from '../domain/assignment/job.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { assignProfile } from '../domain/target/assignment.ts'
import type { Log } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { sideBySide } from '../side-by-side.ts'
import { causedBy, type Duty, eventsIn, holds, streamOf } from './duty.ts'

const atOnce = 16
const longestDetail = 256

/** Works off the parts of an assignment job. Each target keeps the job's key, so that a repeat is told from what was assigned before. */
export function makeAssignments({ log }: { readonly log: Log }): Duty {
  return {
    name: 'make-assignments',
    concerns: (commit) => holds(commit, 'AssignmentsListed'),
    async act(commit) {
      const job = streamOf(commit).id
      const { state } = await log.load(assignmentJobAggregate, job)
      if (!state.requested) return
      const { profile, by } = state.requested
      const metadata = causedBy(commit, by)
      const idempotency = { key: `assignments:${job}`, hash: job }
      for (const { data } of eventsIn(commit, assignmentEvents.decode, 'AssignmentsListed')) {
        if (state.made.includes(data.chunk)) continue
        const outcomes = await sideBySide(data.assignments, atOnce, async ({ target, ...assignment }) => {
          const decision = assignProfile({ profile, ...assignment })
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
        const record = recordAssignments({ chunk: data.chunk, already, failed })
        settled(commit.stream, await log.execute(assignmentJobAggregate, job, record, metadata))
      }
    },
  }
}
