import type { agentContracts, Report, Reported } from '../../../contracts/agents.ts'
import type { TargetEvent } from '../../../events/target.ts'
import { instantOf } from '../../../events/time.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { contradictionOf } from '../../domain/target/clone.ts'
import {
  acceptAttempt,
  type FinishReport,
  finishAttempt,
  hearVersion,
  statementIn,
} from '../../domain/target/report.ts'
import { standsAs, type TargetState } from '../../domain/target/state.ts'
import { mayMeanActive, type Said, subjectOf } from '../../domain/target/subject.ts'
import { isLasting } from '../../errors.ts'
import { handOverFacts } from '../../facts/hand-over.ts'
import type { Outcome } from '../../log/log.ts'
import { outputBytes, outputOf } from '../../output.ts'
import type { Telemetry } from '../../work/telemetry.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { noteClone, noteMachine } from './clones.ts'
import { type Reach, reachFrom } from './reach.ts'

type Tell = Operate<(typeof agentContracts)['reportUpdateStatus'], 'telemetry'>

/** What a report says of itself, by which it is known what it is about. */
function saidIn({ version, attempt, sequence }: Report): Said {
  return { attempt, names: version, sequence }
}

/** Returns what is kept of what a target said about its attempt; null: it said nothing. */
function outputIn(details: Report['details'], succeeded: boolean): string | null {
  const text = typeof details === 'string' ? details : JSON.stringify(details)
  return text === '' || text === '{}' ? null : outputOf(text, outputBytes[succeeded ? 'done' : 'failed'])
}

/** Returns what a report says of the end of its attempt; null where it is under way. */
function endIn(
  { status, version, details, code, retryable, timestamp }: Report,
  said: Said,
): FinishReport | null {
  if (status === 'in-progress') return null
  return {
    ...said,
    status,
    // Only a success says what runs now; other reports name the version that was tried.
    version: status === 'completed' ? version : null,
    code: code ?? null,
    retryable,
    output: outputIn(details, status === 'completed'),
    saidAt: instantOf(timestamp),
  }
}

/** Which attempt a report was about, in the state after it. */
function answeredBy(state: TargetState, { status }: Report, said: Said) {
  const subject = subjectOf(state, said, status !== 'in-progress' && status !== 'rejected')
  switch (subject.kind) {
    case 'active':
      return { attempt: subject.attempt.attempt, outcome: null }
    case 'ended':
      return { attempt: subject.attempt.attempt, outcome: standsAs(subject.attempt).outcome }
    default:
      return { attempt: null, outcome: null }
  }
}

/** Is a later report of the attempt that is under way known? Only asked of a report that has a number and may be about it. */
async function isBehind(
  state: TargetState,
  { status, sequence }: Report,
  said: Said,
  telemetry: Pick<Telemetry, 'progressed'>,
): Promise<boolean> {
  const { active } = state
  if (sequence === undefined || !active || active.acceptedAt === null) return false
  const isAbout = said.attempt === undefined ? mayMeanActive(state, said) : said.attempt === active.attempt
  // An end that names its attempt ends it, however it is numbered.
  if (!isAbout || (status !== 'in-progress' && said.attempt !== undefined)) return false
  return !(await telemetry.progressed(active.attempt, sequence))
}

/** What became of a report that was not refused. */
function resultOf(
  outcome: Outcome<TargetState, TargetEvent, unknown>,
  { status }: Report,
): Exclude<Reported['result'], 'failed'> {
  if (outcome.kind === 'unchanged') return 'unchanged'
  const [event] = outcome.kind === 'committed' ? outcome.events : []
  if (event?.type === 'AttemptRegressed') return 'regressed'
  if (event?.type === 'AttemptRecovered') return 'recovered'
  return status === 'in-progress' ? 'accepted' : 'recorded'
}

/** What all reports of one call have in common. */
interface Call {
  readonly metadata: ReturnType<typeof metadataOf>
  readonly reach: Reach
  readonly services: Services<'telemetry'>
  /** Does nobody else speak with the caller's credential, as far as boot ids tell? */
  readonly alone: boolean
}

/** Both ends were reported, and by the same machine only where its boot id says that there is no other. */
async function noteContradiction(
  { services, metadata, alone }: Call,
  target: string,
  state: TargetState,
  end: FinishReport,
): Promise<void> {
  const contradiction = alone ? null : contradictionOf(state, end)
  if (contradiction) await noteClone(services, target, { contradiction }, metadata)
}

/** Refusals of a report that comes too late for its attempt: what it says of the version that runs is heard all the same. */
const tooLate: ReadonlySet<string> = new Set(['attempt-over', 'no-active-attempt'])

/** Corrects the inventory by a report that was refused as too late, unless a later one of the same attempt is known. */
async function hear(
  { services, metadata }: Call,
  target: string,
  state: TargetState,
  end: FinishReport,
): Promise<void> {
  const statement = statementIn(state, end)
  if (!statement) return
  const { sequence } = end
  const subject = subjectOf(state, end, end.status !== 'rejected')
  if (subject.kind === 'ended' && sequence !== undefined) {
    const { attempt, reported = 0 } = subject.attempt
    if (sequence < reported || !(await services.telemetry.progressed(attempt, sequence))) return
  }
  // The key is that of the refused report: its repeat has to be refused again.
  const { idempotency: _, expectedCommit: __, ...cause } = metadata
  await services.log.execute(targetAggregate, target, hearVersion(statement), cause)
}

async function take(
  report: Report,
  call: Call,
): Promise<{ readonly reported: Reported; readonly commit: number }> {
  const { services, metadata, reach } = call
  const { target, loaded: from } = await reach.target(report.target)
  const about = saidIn(report)
  const behind = await isBehind(from.state, report, about, services.telemetry)
  if (behind && report.status === 'in-progress')
    throw new Problem('sequence-behind', 'A later report of this attempt is known: this one is late.')
  const said = { ...about, behind }
  const end = endIn(report, said)
  const { active } = from.state
  const facts =
    !end && active?.acceptedAt === null
      ? await handOverFacts(services, active, from.state.licence)
      : undefined
  const decision = end ? finishAttempt(end) : acceptAttempt({ ...said, ...(facts && { facts }) })
  const outcome = await services.log.execute(targetAggregate, target, decision, metadata, { from })
  // What is in the log was heard of, by whoever asks for its own updates: that is noted there, and once more would be a write that is refused.
  if (target !== reach.own || outcome.kind !== 'committed') await services.telemetry.seen(target)
  const result = resultOf(outcome, report)
  // Two machines that take turns look like one whose update has failed after all.
  if (result === 'regressed' && end) await noteContradiction(call, target, from.state, end)
  if (outcome.kind === 'rejected' && end) {
    await noteContradiction(call, target, outcome.loaded.state, end)
    if (tooLate.has(outcome.rejection.code)) await hear(call, target, outcome.loaded.state, end)
  }
  const { state: after, commit } = accepted(outcome)
  return { reported: { target, result, ...answeredBy(after, report, said) }, commit }
}

/** Records what agents report: the first `in-progress` accepts the attempt, an end ends it; repeats change nothing (M6). */
export const reportUpdateStatus: Tell = async (input, services) => {
  const reach = reachFrom(services, input)
  const { own } = reach
  // One that is not let in any more has nothing noted about its machine, and no report of many taken.
  await reach.admit()
  const { body, headers } = input
  const metadata = metadataOf(input)
  const booted = await noteMachine(services, own, headers['x-boot-id'], metadata)
  const call = { metadata, reach, services, alone: booted?.alone ?? false }
  if (!('reports' in body)) {
    const { reported, commit } = await take(body, call)
    return { status: 200, body: reported, commit }
  }
  // One key would meet itself where two reports are about one target; ends are idempotent by themselves.
  const each = { ...call, metadata: metadataOf({ ...input, idempotency: null, ifMatch: null }) }
  const results: Reported[] = []
  const byTarget = Map.groupBy(body.reports.entries(), ([, { target }]) => target ?? own)
  await Promise.all(
    [...byTarget.values()].map(async (reports) => {
      for (const [index, report] of reports) results[index] = await takeOrSay(report, own, each)
    }),
  )
  return { status: 200, body: { count: results.length, results } }
}

/** What is wrong with one report of many; undefined: what passes by itself, for which all of them are sent again. */
function problemOf(target: string, error: unknown): Problem | undefined {
  if (error instanceof Problem) return error
  if (!isLasting(error)) return undefined
  console.error({ message: 'A report of many cannot be taken.', target, error: String(error) })
  return new Problem('internal-error', 'What is known of this target cannot be read.')
}

/** One bad report in many spoils only itself, and so does one about a target that cannot be read however often it is tried. */
async function takeOrSay(report: Report, own: string, call: Call): Promise<Reported> {
  const target = report.target ?? own
  try {
    return (await take(report, call)).reported
  } catch (error) {
    const problem = problemOf(target, error)
    if (!problem) throw error
    const { code, message } = problem
    return {
      target,
      result: 'failed',
      attempt: report.attempt ?? null,
      outcome: null,
      error: { code, detail: message },
    }
  }
}
