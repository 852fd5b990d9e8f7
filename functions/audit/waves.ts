import type { UpgradeEvent } from '../../events/upgrade.ts'
import type { AuditedUpgrade, Course } from './course.ts'
import type { Findings } from './finding.ts'
import type { Told } from './history.ts'
import { rangeOf, wavesIn } from './plan.ts'

type Commit = Told<UpgradeEvent>
type Data<Type extends UpgradeEvent['type']> = Extract<UpgradeEvent, { type: Type }>['data']

/** Holds what goes on against I14: enough people have approved it, in the window that it has. */
export function auditApproved(course: Course, findings: Findings, commit: Commit, what: string): void {
  const [approved, needed] = [course.approved(), course.needed()]
  const { start, end } = course.window ?? { start: 'ever', end: 'ever' }
  const words = `${what} with ${approved} of ${needed} approvals of its window, from ${start} to ${end}.`
  findings.expect(approved >= needed, 'I14', commit, words)
}

/** Holds the start of a wave against I4, I9, I12 and I14. */
export function auditStart({ id, course, findings }: AuditedUpgrade, commit: Commit, wave: number): void {
  const { request, plan } = course
  const follows = plan !== null && wave === course.wave + 1 && wave < wavesIn(plan)
  findings.expect(follows, 'I4', commit, `Wave ${wave} followed wave ${course.wave}.`)
  if (!request || !plan) return
  findings.expect(
    commit.correlation === `${id}-${course.generation}`,
    'I12',
    commit,
    `Wave ${wave} was started by ${commit.correlation} in generation ${course.generation}.`,
  )
  const stopped = course.stoppedAt !== null || course.ended
  findings.expect(!stopped, 'I9', commit, `Wave ${wave} began after the stop at ${course.stoppedAt}.`)
  auditApproved(course, findings, commit, `Wave ${wave} began`)
  if (wave === 0) return
  findings.expect(course.waveEnded, 'I4', commit, `Wave ${wave} began before the one before it ended.`)
  const asked = course.asked(course.wave) ?? request
  const baked = asked.bakeSeconds === 0 || (course.bakeUntil !== null && course.bakeUntil <= commit.at)
  findings.expect(baked, 'I4', commit, `Wave ${wave} began before the bake was over.`)
  const isJudged = asked.gate !== null || request?.metrics !== undefined
  const passed = !isJudged && course.total('succeeded') > 0
  const judged = passed || course.gate === 'passed' || course.gate === 'accepted'
  findings.expect(
    judged,
    'I4',
    commit,
    `Wave ${wave} began though the gate was ${course.gate ?? 'not evaluated'}, with ${course.total('succeeded')} succeeded.`,
  )
  const released = !asked.continueByHand || course.continued
  findings.expect(released, 'I4', commit, `Wave ${wave} began before anybody continued.`)
}

/** Holds the end of a wave against I4: every member has come to its end, or an abort has nothing in flight. */
export function auditEnd({ course, findings }: AuditedUpgrade, commit: Commit, wave: number): void {
  const [from, to] = course.plan ? rangeOf(course.plan, wave) : [0, 0]
  const ended =
    course.inWave('succeeded') +
    course.inWave('failed') +
    course.inWave('unreachable') +
    course.inWave('skipped')
  const open = course.aborted ? course.total('in flight') : to - from - ended
  findings.expect(
    wave === course.wave && open === 0,
    'I4',
    commit,
    `Wave ${wave} ended with ${open} members open.`,
  )
  course.waveEnded = true
}

/** Holds the bake of a wave against what was asked of this very wave (I4): where it is measured, `least` is its own time. */
export function auditBake(
  { course, findings }: AuditedUpgrade,
  commit: Commit,
  { until: most, least }: Data<'BakeStarted'>,
): void {
  const asked = course.asked(course.wave)?.bakeSeconds ?? 0
  const isMeasured = course.request?.metrics !== undefined
  findings.expect(
    isMeasured === (least !== undefined),
    'I4',
    commit,
    `Wave ${course.wave} is ${isMeasured ? '' : 'not '}to be measured.`,
  )
  const until = least ?? most
  course.bakeSince = commit.at
  const seconds = (Date.parse(until) - Date.parse(commit.at)) / 1000
  findings.expect(
    seconds === asked,
    'I4',
    commit,
    `Wave ${course.wave} bakes for ${seconds} seconds, ${asked} were asked for.`,
  )
  course.bakeUntil = until
}

/** Returns what a comparison comes to; null: to no number. */
function comparisonOf(
  compare: 'ratio' | 'difference',
  { upgraded, control }: { readonly upgraded: number; readonly control: number },
): number | null {
  if (compare === 'difference') return upgraded - control
  if (control === 0) return upgraded === 0 ? 1 : null
  return upgraded / control
}

/** Holds a measurement against what was asked for: each look counts once, not before its time, and as its bounds say (I4). */
export function auditMeasurement(
  { course, findings }: AuditedUpgrade,
  commit: Commit,
  { wave, metric, n, value, result, by, compared }: Data<'MeasurementTaken'>,
): void {
  const asked = course.request?.metrics?.[metric]
  const known = course.measured.get(metric) ?? { taken: 0, bad: 0, inconclusive: 0 }
  const since = course.bakeSince === null ? Number.NaN : Date.parse(course.bakeSince)
  const wait = by === undefined ? (n - 1) * (asked?.everySeconds ?? 0) * 1000 : 0
  const isDue = asked !== undefined && Date.parse(commit.at) >= since + wait
  const isOurs = (asked?.value === null) === (by !== undefined)
  const isNext = wave === course.wave && n === known.taken + 1 && isOurs
  findings.expect(
    isDue && isNext,
    'I4',
    commit,
    `Metric ${metric} was measured as number ${n} of wave ${wave}.`,
  )
  const { atLeast = null, atMost = null } = asked ?? {}
  const within =
    value !== null && (atLeast === null || value >= atLeast) && (atMost === null || value <= atMost)
  const right = value === null ? 'inconclusive' : within ? 'good' : 'bad'
  findings.expect(result === right, 'I4', commit, `A measurement of ${value} counts as ${result}.`)
  const { control } = asked ?? {}
  findings.expect(
    compared === undefined || (control !== undefined && value === comparisonOf(control.compare, compared)),
    'I4',
    commit,
    `A measurement of ${value} is no comparison of what it says.`,
  )
  findings.expect(
    compared === undefined || compared.pairs >= (control?.least ?? 1),
    'I4',
    commit,
    `A measurement compares ${compared?.pairs} with as many.`,
  )
  findings.expect(
    value === null || control === undefined || compared !== undefined,
    'I4',
    commit,
    `A measurement that is to compare says of nothing what it compares.`,
  )
  known.taken++
  if (result === 'bad') known.bad++
  if (result === 'inconclusive') known.inconclusive++
  course.measured.set(metric, known)
}

/** Holds what a gate recorded against the counts (I5), and its verdict against what it requires (I4). */
export function auditGate(
  { course, findings }: AuditedUpgrade,
  commit: Commit,
  data: Data<'GateEvaluated'>,
): void {
  const silent = data.silent ?? 0
  const succeeded = course.inWave('succeeded') - silent
  findings.expect(
    succeeded >= 0,
    'I5',
    commit,
    `The gate calls ${silent} silent of ${course.inWave('succeeded')} that succeeded.`,
  )
  // Without a gate it only matters that somebody has succeeded.
  const gate = course.asked(course.wave)?.gate
  const judged = gate ? succeeded + course.inWave('failed') + course.inWave('unreachable') : 0
  const rate = judged === 0 ? null : Math.floor((succeeded * 10_000) / judged) / 100
  findings.expect(
    rate === data.successRatePercent,
    'I5',
    commit,
    `The gate saw ${data.successRatePercent} % succeed, the fold ${rate} %.`,
  )
  const required = gate?.successRatePercent ?? 0
  findings.expect(
    data.required === required,
    'I4',
    commit,
    `The gate after wave ${course.wave} required ${data.required} %, ${required} % were asked for.`,
  )
  const tooQuiet = silent > course.allowed('unreachable')
  const isLast = course.plan !== null && course.wave + 1 === wavesIn(course.plan)
  const hasSucceeded = gate ? judged > 0 : course.total('succeeded') > silent || isLast
  const byOutcomes =
    !hasSucceeded || tooQuiet ? 'inconclusive' : succeeded * 100 >= required * judged ? 'passed' : 'failed'
  const measured = course.verdictOfMetrics
  const stands = [byOutcomes, measured]
  const verdict = stands.includes('failed')
    ? 'failed'
    : stands.includes('inconclusive')
      ? 'inconclusive'
      : 'passed'
  findings.expect(
    data.result === verdict,
    'I4',
    commit,
    `The gate ${data.result} with ${succeeded} of ${judged} at ${required} %.`,
  )
  const action = (verdict === 'failed' && gate?.action) || 'pause'
  const followed = commit.told.some(({ type, data: told }) =>
    action === 'pause'
      ? type === 'UpgradePaused'
      : type === 'AbortRequested' && told.rollBack === (action === 'rollback'),
  )
  findings.expect(
    verdict === 'passed' || followed,
    'I4',
    commit,
    `A gate that is ${verdict} was to ${action}, and nothing followed.`,
  )
  course.gate = data.result
}

/** Holds a breach against the counts (I5). */
export function auditBreach(
  { course, findings }: AuditedUpgrade,
  commit: Commit,
  { kind, count, allowed, action }: Data<'ThresholdBreached'>,
): void {
  const [found, bears] = [course.unaccepted(kind), course.allowed(kind)]
  findings.expect(
    count === found && allowed === bears && count > allowed,
    'I5',
    commit,
    `A breach of ${kind} counts ${count} of ${allowed}, the fold ${found} of ${bears}.`,
  )
  const follows = action === 'pause' ? 'UpgradePaused' : 'AbortRequested'
  const followed = commit.told.some(({ type }) => type === follows)
  findings.expect(followed, 'I3', commit, `A breach of ${kind} was to ${action}, and nothing followed.`)
  course.breached.add(kind)
}

/** Holds a commit against I3: what exceeds a limit is told at once, paused or not, and nobody loses sight of it. */
export function auditLimits({ course, findings }: AuditedUpgrade, commit: Commit): void {
  if (course.wave < 0 || course.aborted || course.ended) return
  for (const kind of ['failures', 'unreachable', 'budget'] as const) {
    const [found, bears] = [course.unaccepted(kind), course.allowed(kind)]
    const told = found <= bears || course.breached.has(kind)
    findings.expect(
      told,
      'I3',
      commit,
      `${found} exceed the limit of ${bears} (${kind}), and nothing tells it.`,
    )
  }
}

/** Holds a resume against I3, where it has to acknowledge all that failed, and against I9. */
export function auditResume(
  { course, findings }: AuditedUpgrade,
  commit: Commit,
  { by, acknowledged }: Data<'UpgradeResumed'>,
): void {
  findings.expect(!course.aborted, 'I9', commit, 'It was resumed after its abort.')
  const [failed, unreachable] = [course.total('failed'), course.total('unreachable')]
  const unseen = course.breached.size > 0 || course.gate === 'failed'
  const seen = acknowledged
    ? acknowledged.failed === failed && acknowledged.unreachable === unreachable
    : !unseen
  findings.expect(
    seen,
    'I3',
    commit,
    `${by} resumed it with ${failed} failed and ${unreachable} unreachable, and had not seen all of them.`,
  )
  course.resume(acknowledged !== undefined)
}

/** Holds the end of an upgrade against I5: nobody is left in flight or waits for more, and its exceptions are those of the fold. */
export function auditCompletion(
  { course, findings }: AuditedUpgrade,
  commit: Commit,
  exceptions: boolean | null,
): void {
  findings.expect(
    course.total('in flight') === 0,
    'I5',
    commit,
    `It ended with ${course.total('in flight')} in flight.`,
  )
  const waiting = course.total('retrying') + course.total('deferred')
  findings.expect(waiting === 0, 'I5', commit, `It ended with ${waiting} waiting for another admission.`)
  if (exceptions !== null) {
    const others = course.total('failed') + course.total('unreachable') + course.total('skipped')
    const all = others + course.total('succeeded')
    const members = course.plan?.members ?? 0
    findings.expect(
      all === members && exceptions === others > 0,
      'I5',
      commit,
      `It completed with ${all} of ${members} members ended, ${others} of them exceptions.`,
    )
  }
  course.ended = true
  course.endedAt = commit.at
}
