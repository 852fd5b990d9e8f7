import type { TargetEvent } from '../../../events/target.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { memberAt } from '../../domain/upgrade/chunks.ts'
import { type ReportedOutcome, recordOutcomes as record } from '../../domain/upgrade/outcomes.ts'
import { recordRegressions } from '../../domain/upgrade/regressions.ts'
import { isPlanned, type UpgradeState } from '../../domain/upgrade/state.ts'
import { type LogAndClock, loadWithFacts } from '../../facts/admission.ts'
import type { Log, Metadata } from '../../log/log.ts'
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

/** Returns how an attempt ended and in which commit, as the target's stream tells it; undefined while it has not. */
export async function endOfAttempt(
  log: Log,
  target: string,
  attempt: string,
): Promise<ReportedOutcome | undefined> {
  const ends = log.of(targetAggregate, target).events({ consistent: true }, ['AttemptEnded'])
  for await (const { event, commit } of ends) {
    if (event.data.attempt === attempt) return reportedIn(event.data, commit)
  }
  return undefined
}

/** Returns the end of an attempt as its upgrade records it, citing the commit that says so. */
function reportedIn(
  { member, n, outcome, code, retryable, busyWith, measured }: Ended,
  commit: number,
): ReportedOutcome {
  return {
    ...{ member, n, outcome, code, retryable, commit },
    ...(busyWith !== undefined && { busyWith }),
    ...(measured && { measured }),
  }
}

type Regressed = Extract<TargetEvent, { type: 'AttemptRegressed' }>['data']

/** A success that has regressed, with the target and the commit there that says so. */
interface Regression {
  readonly target: string
  readonly data: Regressed
  readonly commit: number
}

/** Returns the ends that the upgrade has not taken note of yet, of attempts that have regressed since: it hears of the success first. */
async function endsBefore(
  { log }: LogAndClock,
  state: UpgradeState,
  regressions: readonly Regression[],
): Promise<ReportedOutcome[]> {
  if (!isPlanned(state)) return []
  const { chunks } = state
  const ends: ReportedOutcome[] = []
  for (const { target, data } of regressions) {
    const member = memberAt(chunks, data.member)
    if (member?.status !== 'in_flight' || member.n !== data.n) continue
    const ended = await endOfAttempt(log, target, data.attempt)
    if (ended) ends.push(ended)
  }
  return ends
}

/** What had succeeded has regressed: the upgrade counts it as failed, where the wave is not behind it. */
async function recordRegressed(
  services: LogAndClock,
  upgrade: string,
  regressions: readonly Regression[],
  cause: Metadata,
): Promise<void> {
  const stream = services.log.of(upgradeAggregate, upgrade)
  const { from } = await loadWithFacts(services, upgrade)
  const before = await endsBefore(services, from.state, regressions)
  if (before.length > 0) await recordReported(services, upgrade, before, cause)
  for (const some of inChunks(regressions, outcomesPerCommit)) {
    const reported = some.map(({ data, commit }) => {
      const { member, n, outcome, code } = data
      return { member, n, outcome, code, commit }
    })
    const { from, facts } = await loadWithFacts(services, upgrade)
    await stream.carryOut(recordRegressions(reported, facts), cause, { retryFor: patience.facts, from })
  }
}

/**
 * Attempts ended, or what had succeeded has regressed: it is copied into the upgrade, which may admit the next targets in the same commit.
 * A success comes before what became of it.
 */
export const recordOutcomes = collectingDuty(
  'record-outcomes',
  targetAggregate,
  ['AttemptEnded', 'AttemptRegressed'],
  ({ data }) => data.upgrade,
  async (upgrade, facts, services: LogAndClock) => {
    const outcomes: ReportedOutcome[] = []
    const regressions: Regression[] = []
    for (const { id: target, events, commit } of facts) {
      for (const event of events) {
        if (event.type === 'AttemptEnded') outcomes.push(reportedIn(event.data, commit.commit))
        else regressions.push({ target, data: event.data, commit: commit.commit })
      }
    }
    const [first] = facts
    if (!first) return
    await recordReported(services, upgrade, outcomes, first.cause)
    if (regressions.length > 0) await recordRegressed(services, upgrade, regressions, first.cause)
  },
)
