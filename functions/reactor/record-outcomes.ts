import type { Commit } from '../../events/envelope.ts'
import { type TargetEvent, targetEvents } from '../../events/target.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { type ReportedOutcome, recordOutcomes as record } from '../domain/upgrade/outcomes.ts'
import type { Log, Metadata } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { factsAreGoodFor, loadWithFacts } from '../planning/facts.ts'
import { type CollectingDuty, causedBy, eventsIn, holds, streamOf } from './duty.ts'

/** At most so many outcomes a commit (DESIGN §3). */
const outcomesPerCommit = 100

function reported(event: Extract<TargetEvent, { type: 'AttemptEnded' }>, commit: number): ReportedOutcome {
  const { member, n, outcome, code, retryable } = event.data
  return { member, n, outcome, code, retryable, commit }
}

/** Copies ends into the upgrade that admitted them, many in one commit; those that are no news change nothing. */
export async function recordReported(
  log: Log,
  upgrade: string,
  outcomes: readonly ReportedOutcome[],
  metadata: Metadata,
): Promise<void> {
  for (let start = 0; start < outcomes.length; start += outcomesPerCommit) {
    const { from, facts } = await loadWithFacts(log, upgrade)
    const decision = record(outcomes.slice(start, start + outcomesPerCommit), facts)
    const options = { retryFor: factsAreGoodFor, from }
    settled(`upgrade#${upgrade}`, await log.execute(upgradeAggregate, upgrade, decision, metadata, options))
  }
}

/** Attempts ended: the ends are copied into the upgrade, which may admit the next targets in the same commit. */
export function recordOutcomes({ log }: { log: Log }): CollectingDuty {
  const ended = (commit: Commit) =>
    streamOf(commit).aggregate === 'target' ? eventsIn(commit, targetEvents.decode, 'AttemptEnded') : []
  return {
    name: 'record-outcomes',
    collectedBy: (commit) => (holds(commit, 'AttemptEnded') ? ended(commit)[0]?.data.upgrade : undefined),
    async act(upgrade, commits) {
      const outcomes = commits.flatMap((commit) =>
        ended(commit).map((event) => reported(event, commit.commit)),
      )
      const [cause] = commits
      if (cause) await recordReported(log, upgrade, outcomes, causedBy(cause, systemActor))
    },
  }
}
