import type { UpgradeEvent } from '../../events/upgrade.ts'
import { closedSince } from './calendar.ts'
import { type AuditedUpgrade, type Standing, standingAfter } from './course.ts'
import { bound, type Told } from './history.ts'
import { plannedMember, rangeOf } from './plan.ts'
import { auditInFlight, auditPace } from './strategy.ts'
import { auditApproved } from './waves.ts'

type Commit = Told<UpgradeEvent>
type Data<Type extends UpgradeEvent['type']> = Extract<UpgradeEvent, { type: Type }>['data']

/** Holds an admission against the clock and the stop (I2), and against a pause or an abort (I9). */
function auditMoment({ history, course, findings }: AuditedUpgrade, commit: Commit): void {
  const { window } = course
  const inside = !window || (window.start <= commit.at && commit.at < window.end)
  findings.expect(inside, 'I2', commit, `Targets were admitted at ${commit.at}, outside the window.`)
  for (const { stop, since, until } of history.stops) {
    if (since > commit.at || (until !== null && until <= commit.at) || !bound(since, commit.at)) continue
    const words = `Targets were admitted though ${stop} stopped everything at ${since}.`
    findings.expect(course.brokeGlass(), 'I2', commit, words)
    findings.expect(course.overrode.has(stop), 'I2', commit, `${words.slice(0, -1)}, and no event says so.`)
  }
  for (const name of course.calendars) {
    const closed = closedSince(history.calendars.get(name), commit.at)
    const words = `Targets were admitted at ${commit.at}, while the calendar ${name} was closed.`
    const held = closed === undefined || !bound(closed, commit.at) || course.brokeGlass()
    findings.expect(held, 'I2', commit, words)
  }
  findings.expect(
    course.stoppedAt === null && !course.ended,
    'I9',
    commit,
    `Targets were admitted after the stop at ${course.stoppedAt}.`,
  )
}

function rangesOf(data: Data<'TargetsAdmitted'>): [number, number, number, Standing | null][] {
  const first = data.members.map(([from, to]): [number, number, number, null] => [from, to, 1, null])
  const again = (ranges: [number, number, number][], was: Standing) =>
    ranges.map(([from, to, n]): [number, number, number, Standing] => [from, to, n, was])
  return [...first, ...again(data.retried, 'retrying'), ...again(data.readmitted, 'deferred')]
}

/** Holds an admission against I2, I3, I4, I5, I9 and I14. */
export function auditAdmission(audited: AuditedUpgrade, commit: Commit, data: Data<'TargetsAdmitted'>): void {
  const { course, findings } = audited
  const { request, plan } = course
  if (!request || !plan) {
    findings.expect(false, 'I4', commit, 'Targets were admitted without a plan.')
    return
  }
  auditMoment(audited, commit)
  auditApproved(course, findings, commit, 'Targets were admitted')
  if (data.members.length > 0) {
    const exceeded = course.unaccepted('failures') + course.inWave('retrying') > course.allowed('failures')
    findings.expect(
      !exceeded,
      'I3',
      commit,
      `New targets were admitted with ${course.unaccepted('failures')} failed, ${course.allowed('failures')} allowed.`,
    )
    const silent = course.unaccepted('unreachable') > course.allowed('unreachable')
    findings.expect(
      !silent,
      'I3',
      commit,
      `New targets were admitted with ${course.unaccepted('unreachable')} unreachable, ${course.allowed('unreachable')} allowed.`,
    )
  }
  const others = data.members.length + data.readmitted.length > 0
  auditPace(audited, commit, others)
  const [begin, end] = rangeOf(plan, course.wave)
  for (const [from, to, n, was] of rangesOf(data)) {
    findings.expect(
      data.wave === course.wave && !course.waveEnded && from >= begin && to <= end,
      'I4',
      commit,
      `Members ${from} to ${to} are not of the open wave ${course.wave}.`,
    )
    for (let member = from; member < to; member++) {
      const before = course.members.get(member)
      const fits = was === null ? before === undefined : before?.standing === was && before.n === n - 1
      findings.expect(
        fits,
        'I5',
        commit,
        `Member ${member} was admitted as number ${n} while it was ${before?.standing ?? 'new'}.`,
      )
      course.put(member, 'in flight', n)
    }
  }
  auditInFlight(audited, commit, others)
  const held = course.total('in flight') + course.total('retrying')
  findings.expect(
    held <= request.parallel,
    'I3',
    commit,
    `${held} were in flight or waiting to be tried again, ${request.parallel} allowed.`,
  )
}

/** Holds recorded ends against the members that had them and the targets' streams that they cite (I5). */
export function auditOutcomes(audited: AuditedUpgrade, commit: Commit, data: Data<'OutcomesRecorded'>): void {
  const { history, id, course, findings } = audited
  for (const { member, n, outcome, code, again, commit: cited } of data.outcomes) {
    const before = course.members.get(member)
    findings.expect(
      before?.standing === 'in flight' && before.n === n,
      'I5',
      commit,
      `An end of member ${member} was counted while it was ${before?.standing ?? 'not admitted'}.`,
    )
    const target = course.plan ? plannedMember(history, course.plan, member)?.target : undefined
    // Commits are dense, so a commit's number is its place; a broken chain has its own finding.
    const source = target === undefined ? undefined : history.targets.get(target)?.[cited - 1]
    const same = source?.told.some(
      (event) =>
        event.type === 'AttemptEnded' &&
        event.data.upgrade === id &&
        event.data.member === member &&
        event.data.n === n &&
        event.data.outcome === outcome &&
        event.data.code === code,
    )
    findings.expect(
      same === true,
      'I5',
      commit,
      `Commit ${cited} of target ${target} does not say that member ${member} ${outcome}.`,
    )
    course.put(member, again === 'retry' ? 'retrying' : (again ?? standingAfter(outcome)), n)
    course.endAttempt(outcome, commit.at)
    if (again === null) course.lose(outcome)
  }
}

/** Holds members that failed after they had succeeded against the targets' streams that they cite (I5): each once, and of the present wave. */
export function auditRegressed(
  { history, id, course, findings }: AuditedUpgrade,
  commit: Commit,
  { wave, members, more }: Data<'MembersRegressed'>,
): void {
  const [begin, end] = course.plan ? rangeOf(course.plan, course.wave) : [0, 0]
  for (const { member, n, outcome, code, commit: cited } of members) {
    const before = course.members.get(member)
    findings.expect(
      wave === course.wave && member >= begin && member < end,
      'I5',
      commit,
      `Member ${member} regressed in wave ${wave}, and the present one is ${course.wave}.`,
    )
    findings.expect(
      before?.standing === 'succeeded' && before.n === n,
      'I5',
      commit,
      `Member ${member} regressed while it was ${before?.standing ?? 'not admitted'}.`,
    )
    const target = course.plan ? plannedMember(history, course.plan, member)?.target : undefined
    const source = target === undefined ? undefined : history.targets.get(target)?.[cited - 1]
    const same = source?.told.some(
      (event) =>
        event.type === 'AttemptRegressed' &&
        event.data.upgrade === id &&
        event.data.member === member &&
        event.data.n === n &&
        event.data.outcome === outcome &&
        event.data.code === code,
    )
    findings.expect(
      same === true,
      'I5',
      commit,
      `Commit ${cited} of target ${target} does not say that member ${member} regressed.`,
    )
    course.regressed.add(`${member}#${n}`)
    course.put(member, 'failed', n)
    course.lose(outcome)
  }
  if (more) course.uncounted.add(wave)
}

/** Holds members taken out against what they were (I5). */
export function auditSkip(
  { course, findings }: AuditedUpgrade,
  commit: Commit,
  data: Data<'MembersSkipped'>,
): void {
  if (data.code === 'window_over')
    findings.expect(
      course.isOver(commit.at),
      'I5',
      commit,
      'Members were left out while an opening may come.',
    )
  for (const [from, to] of data.members) {
    for (let member = from; member < to; member++) {
      const before = course.members.get(member)
      findings.expect(
        (before?.standing ?? 'pending') === data.was,
        'I5',
        commit,
        `Member ${member} was skipped as ${data.was} while it was ${before?.standing ?? 'pending'}.`,
      )
      course.put(member, 'skipped', before?.n ?? 0)
    }
  }
}

/** Holds members that an abort, or an opening that does not come, leaves without another try against what they were (I5). */
export function auditGivenUp(
  { course, findings }: AuditedUpgrade,
  commit: Commit,
  data: Data<'RetriesGivenUp'>,
): void {
  const noneComes = course.aborted || course.isOver(commit.at)
  findings.expect(
    noneComes,
    'I5',
    commit,
    'Retries were given up without an abort, while an opening may come.',
  )
  for (const [from, to] of data.members) {
    for (let member = from; member < to; member++) {
      const before = course.members.get(member)
      findings.expect(
        before?.standing === 'retrying',
        'I5',
        commit,
        `Member ${member} was counted as failed while it was ${before?.standing ?? 'pending'}.`,
      )
      course.put(member, 'failed', before?.n ?? 0)
      course.lose('failed')
    }
  }
}
