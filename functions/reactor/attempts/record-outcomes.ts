import type { TargetEvent } from '../../../events/target.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { type ReportedOutcome, recordOutcomes as record } from '../../domain/upgrade/outcomes.ts'
import { type LogAndClock, loadWithFacts } from '../../facts/admission.ts'
import type { Metadata } from '../../log/log.ts'
import { patience } from '../../patience.ts'
import { inChunks } from '../../side-by-side.ts'
import { collectingDuty } from '../duty.ts'

type Ended = Extract<TargetEvent, { type: 'AttemptEnded' }>['data']

/** At most so many outcomes a commit (design: #outcomes). */
const outcomesPerCommit = 100

/** Copies ends into the upgrade that admitted them, many in one commit; those that are no news change nothing. */
export async function recordReported(
  services: LogAndClock,
  upgrade: string,
  outcomes: readonly ReportedOutcome[],
  cause: Metadata,
): Promise<void> {
  const stream = services.log.of(upgradeAggregate, upgrade)
  for (const some of inChunks(outcomes, outcomesPerCommit)) {
    const { from, facts } = await loadWithFacts(services, upgrade)
    await stream.carryOut(record(some, facts), cause, { retryFor: patience.facts, from })
  }
}

/** Returns the end of an attempt as its upgrade records it, citing the commit that says so. */
export function reportedIn(
  { member, n, outcome, code, retryable, busyWith }: Ended,
  commit: number,
): ReportedOutcome {
  return { member, n, outcome, code, retryable, commit, ...(busyWith !== undefined && { busyWith }) }
}

/** Attempts ended: the ends are copied into the upgrade, which may admit the next targets in the same commit. */
export const recordOutcomes = collectingDuty(
  'record-outcomes',
  targetAggregate,
  ['AttemptEnded'],
  ({ data }) => data.upgrade,
  async (upgrade, facts, services: LogAndClock) => {
    const outcomes = facts.flatMap(({ events, commit }) =>
      events.map(({ data }) => reportedIn(data, commit.commit)),
    )
    const [first] = facts
    if (first) await recordReported(services, upgrade, outcomes, first.cause)
  },
)
