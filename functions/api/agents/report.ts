import type { agentContracts, Report, Reported } from '../../../contracts/agents.ts'
import { instantOf } from '../../../events/time.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import {
  acceptAttempt,
  type FinishReport,
  finishAttempt,
  hearVersion,
  statementIn,
} from '../../domain/target/report.ts'
import type { TargetState } from '../../domain/target/state.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { outputOf } from './output.ts'
import { ownTarget, reachFrom } from './reach.ts'

type Tell = Operate<(typeof agentContracts)['reportUpdateStatus'], 'telemetry'>

/** What a report says of the end of an attempt; undefined when it says that one begins. */
function endIn(report: Report): FinishReport | undefined {
  const { status, version, details, code, retryable, timestamp } = report
  if (status === 'in-progress') return undefined
  return {
    ...named(report),
    status,
    // Only a success says what runs now; other reports name the version that was tried.
    version: status === 'completed' ? version : null,
    code: code ?? null,
    retryable,
    output: outputOf(details, status === 'completed'),
    saidAt: instantOf(timestamp),
  }
}

function named({ attempt }: Report): { readonly attempt?: string } {
  return attempt === undefined ? {} : { attempt }
}

/** Refusals of a report that comes too late for its attempt: what it says of the version that runs is heard all the same. */
const tooLate: ReadonlySet<string> = new Set(['attempt-over', 'no-active-attempt'])

/** Corrects the inventory by a report that was refused as too late, unless a later one of the same attempt is known. */
async function hear(
  report: Report,
  { target, state }: { readonly target: string; readonly state: TargetState },
  metadata: ReturnType<typeof metadataOf>,
  { log, telemetry }: Services<'telemetry'>,
): Promise<void> {
  const end = endIn(report)
  const statement = end && statementIn(state, end)
  if (!statement) return
  const { attempt } = subjectOf(state, report)
  if (attempt !== null && report.sequence !== undefined)
    if (!(await telemetry.progressed(attempt, report.sequence))) return
  // The key is that of the refused report: its repeat has to be refused again.
  const { idempotency: _, expectedCommit: __, ...cause } = metadata
  await log.execute(targetAggregate, target, hearVersion(statement), cause)
}

/** Which attempt a report was about, in the state after it. */
function subjectOf(state: TargetState, { attempt }: Report) {
  if (state.active && (attempt === undefined || attempt === state.active.attempt)) {
    return { attempt: state.active.attempt, outcome: null }
  }
  const ended = state.attempts.findLast((past) => attempt === undefined || past.attempt === attempt)
  return { attempt: ended?.attempt ?? null, outcome: ended?.outcome ?? null }
}

async function take(
  report: Report,
  metadata: ReturnType<typeof metadataOf>,
  reach: ReturnType<typeof reachFrom>,
  services: Services<'telemetry'>,
): Promise<{ readonly reported: Reported; readonly commit: number }> {
  const { target, loaded: from } = await reach(report.target)
  const { state } = from
  const running = state.active?.acceptedAt != null ? state.active : null
  if (report.status === 'in-progress' && running && report.sequence !== undefined) {
    const forward = await services.telemetry.progressed(running.attempt, report.sequence)
    if (!forward)
      throw new Problem('sequence-behind', 'A later report of this attempt is known: this one is late.')
  }
  const end = endIn(report)
  const decision = end ? finishAttempt(end) : acceptAttempt(named(report))
  const [outcome] = await Promise.all([
    services.log.execute(targetAggregate, target, decision, metadata, { from }),
    services.telemetry.seen(target),
  ])
  if (outcome.kind === 'rejected' && tooLate.has(outcome.rejection.code))
    await hear(report, { target, state: outcome.loaded.state }, metadata, services)
  const { state: after, commit } = accepted(outcome)
  const done = report.status === 'in-progress' ? 'accepted' : 'recorded'
  const result = outcome.kind === 'unchanged' ? 'unchanged' : done
  return { reported: { target, result, ...subjectOf(after, report) }, commit }
}

/** Records what agents report: the first `in-progress` accepts the attempt, an end ends it; repeats change nothing (M6). */
export const reportUpdateStatus: Tell = async (input, services) => {
  const own = ownTarget(input.principal)
  const reach = reachFrom(services, own)
  const { body } = input
  if (!('reports' in body)) {
    const { reported, commit } = await take(body, metadataOf(input), reach, services)
    return { status: 200, body: reported, commit }
  }
  // One key would meet itself where two reports are about one target; ends are idempotent by themselves.
  const metadata = metadataOf({ ...input, idempotency: null, ifMatch: null })
  const results: Reported[] = []
  const byTarget = Map.groupBy(body.reports.entries(), ([, { target }]) => target ?? own)
  await Promise.all(
    [...byTarget.values()].map(async (reports) => {
      for (const [index, report] of reports)
        results[index] = await takeOrSay(report, own, metadata, reach, services)
    }),
  )
  return { status: 200, body: { count: results.length, results } }
}

/** One bad report in many spoils only itself. */
async function takeOrSay(
  report: Report,
  own: string,
  metadata: ReturnType<typeof metadataOf>,
  reach: ReturnType<typeof reachFrom>,
  services: Services<'telemetry'>,
): Promise<Reported> {
  try {
    return (await take(report, metadata, reach, services)).reported
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const { code, message } = error
    const target = report.target ?? own
    return {
      target,
      result: 'failed',
      attempt: report.attempt ?? null,
      outcome: null,
      error: { code, detail: message },
    }
  }
}
