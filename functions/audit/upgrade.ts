import type { UpgradeEvent, UpgradeRequest, WaveCuts } from '../../events/upgrade.ts'
import type { Findings } from './finding.ts'
import { type History, inForce, type Told } from './history.ts'
import { bindsAfter, plannedMember } from './target.ts'

type Planned = Extract<UpgradeEvent, { type: 'UpgradePlanned' }>['data']
type Standing = 'in flight' | 'retrying' | 'deferred' | 'ended'

/** One upgrade as the rules see it: written anew from the events, not by the code that decided them. */
interface Course {
  request: UpgradeRequest | null
  requestedBy: string
  plan: Planned | null
  window: { start: string; end: string } | null
  generation: number
  approvers: Set<string>
  wave: number
  waveEnded: boolean
  bakeUntil: string | null
  /** `accepted`: an operator resumed in spite of it. */
  gate: 'passed' | 'failed' | 'inconclusive' | 'accepted' | null
  continued: boolean
  stoppedAt: string | null
  aborted: boolean
  members: Map<number, { standing: Standing; n: number; wave: number }>
  failed: number
  skipped: number
  acknowledged: number
}

const failures: ReadonlySet<string> = new Set([
  'failed',
  'timed_out',
  'lost',
  'rejected',
  'rolled_back',
  'rollback_failed',
])

function rangeOf(waves: WaveCuts, members: number, wave: number): readonly [number, number] {
  if (waves.kind === 'batches') return [wave * waves.size, Math.min(members, (wave + 1) * waves.size)]
  return [wave === 0 ? 0 : (waves.cuts[wave - 1] ?? members), waves.cuts[wave] ?? members]
}

function allowed({ request, plan, wave, skipped }: Course): number {
  if (!request || !plan) return 0
  const [from, to] = rangeOf(plan.waves, plan.members, wave)
  const share = Math.floor(Number((((to - from - skipped) * request.failures.percent) / 100).toFixed(9)))
  return request.failures.absolute === null ? share : Math.min(request.failures.absolute, share)
}

function standing(course: Course, kind: Standing): number {
  return [...course.members.values()].filter(
    (member) => member.standing === kind && member.wave === course.wave,
  ).length
}

function auditStart(course: Course, commit: Told<UpgradeEvent>, wave: number, findings: Findings): void {
  const { request, plan } = course
  findings.expect(
    plan !== null && wave === course.wave + 1,
    'I4',
    commit,
    `Wave ${wave} followed wave ${course.wave}.`,
  )
  if (!request || !plan) return
  const correlated = commit.correlation === `${commit.stream.slice('upgrade#'.length)}-${course.generation}`
  findings.expect(
    correlated,
    'I12',
    commit,
    `Wave ${wave} was started by ${commit.correlation} in generation ${course.generation}.`,
  )
  if (wave === 0) {
    const enough = course.approvers.size >= request.approvals.required
    findings.expect(
      enough,
      'I14',
      commit,
      `It began with ${course.approvers.size} of ${request.approvals.required} approvals.`,
    )
    return
  }
  findings.expect(course.waveEnded, 'I4', commit, `Wave ${wave} began before the one before it ended.`)
  const baked = request.bakeSeconds === 0 || (course.bakeUntil !== null && course.bakeUntil <= commit.at)
  findings.expect(baked, 'I4', commit, `Wave ${wave} began before the bake was over.`)
  const judged = request.gate === null || course.gate === 'passed' || course.gate === 'accepted'
  findings.expect(
    judged,
    'I4',
    commit,
    `Wave ${wave} began though the gate was ${course.gate ?? 'not evaluated'}.`,
  )
  findings.expect(
    !request.continueByHand || course.continued || course.gate === 'accepted',
    'I4',
    commit,
    `Wave ${wave} began before anybody continued.`,
  )
}

function auditAdmission(
  history: History,
  course: Course,
  commit: Told<UpgradeEvent>,
  data: Extract<UpgradeEvent, { type: 'TargetsAdmitted' }>['data'],
  findings: Findings,
): void {
  const { request, plan, window } = course
  if (!request || !plan) return
  const inside = !window || (window.start <= commit.at && commit.at < window.end)
  findings.expect(inside, 'I2', commit, `Targets were admitted at ${commit.at}, outside the window.`)
  const freezes = (history.policies.get('freeze') ?? []).flatMap(({ at, told }) =>
    told.map(({ type }) => ({ at, on: type === 'FreezePlaced' })),
  )
  const freeze = inForce(freezes, commit.at)
  const bound =
    freeze !== null && !request.breakGlass && Date.parse(commit.at) - Date.parse(freeze.since) > bindsAfter
  findings.expect(
    !bound,
    'I2',
    commit,
    `Targets were admitted though everything was stopped at ${freeze?.since}.`,
  )
  findings.expect(
    course.stoppedAt === null && !course.aborted,
    'I9',
    commit,
    `Targets were admitted after the stop at ${course.stoppedAt}.`,
  )
  const [from, to] = rangeOf(plan.waves, plan.members, course.wave)
  if (data.members.length > 0) {
    const exceeded = course.failed - course.acknowledged + standing(course, 'retrying') > allowed(course)
    findings.expect(
      !exceeded,
      'I3',
      commit,
      `New targets were admitted with ${course.failed} failed, ${allowed(course)} allowed.`,
    )
  }
  const ranges: [number, number, number, Standing | null][] = [
    ...data.members.map(([first, end]): [number, number, number, null] => [first, end, 1, null]),
    ...data.retried.map(([first, end, n]): [number, number, number, Standing] => [first, end, n, 'retrying']),
    ...data.readmitted.map(([first, end, n]): [number, number, number, Standing] => [
      first,
      end,
      n,
      'deferred',
    ]),
  ]
  for (const [first, end, n, was] of ranges) {
    findings.expect(
      data.wave === course.wave && first >= from && end <= to,
      'I4',
      commit,
      `Members ${first} to ${end} are not of wave ${course.wave}.`,
    )
    for (let member = first; member < end; member++) {
      const before = course.members.get(member)
      const fits = was === null ? before === undefined : before?.standing === was && before.n === n - 1
      findings.expect(
        fits,
        'I5',
        commit,
        `Member ${member} was admitted as number ${n} while it was ${before?.standing ?? 'new'}.`,
      )
      course.members.set(member, { standing: 'in flight', n, wave: course.wave })
    }
  }
  const inFlight = standing(course, 'in flight')
  findings.expect(
    inFlight <= request.parallel,
    'I3',
    commit,
    `${inFlight} in flight, ${request.parallel} allowed.`,
  )
}

function auditOutcomes(
  history: History,
  id: string,
  course: Course,
  commit: Told<UpgradeEvent>,
  data: Extract<UpgradeEvent, { type: 'OutcomesRecorded' }>['data'],
  findings: Findings,
): void {
  for (const { member, n, outcome, again, commit: cited } of data.outcomes) {
    const before = course.members.get(member)
    const expected = before?.standing === 'in flight' && before.n === n
    findings.expect(
      expected,
      'I5',
      commit,
      `An end of member ${member} was counted while it was ${before?.standing ?? 'not admitted'}.`,
    )
    const target = plannedMember(history, id, member)?.[0] ?? ''
    const source = history.targets.get(target)?.find((candidate) => candidate.commit === cited)
    const same = source?.told.some(
      (event) =>
        event.type === 'AttemptEnded' &&
        event.data.upgrade === id &&
        event.data.member === member &&
        event.data.n === n &&
        event.data.outcome === outcome,
    )
    findings.expect(
      same === true,
      'I5',
      commit,
      `Commit ${cited} of target#${target} does not say that member ${member} ${outcome}.`,
    )
    const standingNow: Standing = again === 'retry' ? 'retrying' : again === 'deferred' ? 'deferred' : 'ended'
    course.members.set(member, { standing: standingNow, n, wave: course.wave })
    if (again === null && failures.has(outcome)) course.failed++
    if (again === null && ['skipped', 'cancelled', 'deferred', 'withdrawn'].includes(outcome))
      course.skipped++
  }
}

/** An assignment may come so many targets late after a pause: those of the batch under way (DESIGN §12, I9). */
const assignmentBatch = 100

function auditStop(
  history: History,
  id: string,
  commit: Told<UpgradeEvent>,
  until: string | null,
  findings: Findings,
): void {
  const late = [...history.targets.values()].filter((commits) =>
    commits.some(
      ({ at, told }) =>
        at > commit.at &&
        (until === null || at < until) &&
        told.some((event) => event.type === 'AttemptAssigned' && event.data.upgrade === id),
    ),
  )
  findings.expect(
    late.length <= assignmentBatch,
    'I9',
    commit,
    `${late.length} targets were assigned after the stop, more than one batch.`,
  )
}

/** Holds one upgrade's stream, and what it cites, against I2-I5, I9, I12 and I14. */
export function auditUpgrade(history: History, id: string, findings: Findings): void {
  const commits = history.upgrades.get(id) ?? []
  const course: Course = {
    request: null,
    requestedBy: '',
    plan: null,
    window: null,
    generation: 0,
    approvers: new Set(),
    wave: -1,
    waveEnded: false,
    bakeUntil: null,
    gate: null,
    continued: false,
    stoppedAt: null,
    aborted: false,
    members: new Map(),
    failed: 0,
    skipped: 0,
    acknowledged: 0,
  }
  for (const [place, commit] of commits.entries()) {
    for (const event of commit.told) {
      step(history, id, course, commit, event, findings)
      if (event.type === 'UpgradePaused' || event.type === 'AbortRequested') {
        const resumed = commits
          .slice(place + 1)
          .find(({ told }) => told.some(({ type }) => type === 'UpgradeResumed'))
        auditStop(history, id, commit, resumed?.at ?? null, findings)
      }
    }
  }
}

function step(
  history: History,
  id: string,
  course: Course,
  commit: Told<UpgradeEvent>,
  event: UpgradeEvent,
  findings: Findings,
): void {
  switch (event.type) {
    case 'UpgradeRequested':
      course.request = event.data.request
      course.requestedBy = event.data.by
      course.window = event.data.request.window
      return
    case 'UpgradePlanned':
      course.plan = event.data
      return
    case 'ApprovalGiven': {
      const { by, planHash } = event.data
      const approvers = course.request?.approvals.approvers ?? null
      findings.expect(by !== course.requestedBy, 'I14', commit, `${by} approved what they had asked for.`)
      findings.expect(!course.approvers.has(by), 'I14', commit, `${by} approved twice.`)
      findings.expect(planHash === course.plan?.planHash, 'I14', commit, `${by} approved another plan.`)
      findings.expect(
        approvers === null || approvers.includes(by),
        'I14',
        commit,
        `${by} is not among the approvers.`,
      )
      course.approvers.add(by)
      return
    }
    case 'ExecutionStarting':
      findings.expect(
        event.data.generation === course.generation + 1,
        'I12',
        commit,
        `Generation ${event.data.generation} followed ${course.generation}.`,
      )
      course.generation = event.data.generation
      return
    case 'WaveStarted':
      auditStart(course, commit, event.data.wave, findings)
      Object.assign(course, {
        wave: event.data.wave,
        waveEnded: false,
        bakeUntil: null,
        gate: null,
        continued: false,
        failed: 0,
        acknowledged: 0,
      })
      course.skipped = [...course.members.values()].filter(
        ({ standing, wave }) => standing === 'ended' && wave === event.data.wave,
      ).length
      return
    case 'TargetsAdmitted':
      auditAdmission(history, course, commit, event.data, findings)
      return
    case 'OutcomesRecorded':
      auditOutcomes(history, id, course, commit, event.data, findings)
      return
    case 'MembersSkipped':
      for (const [from, to] of event.data.members) {
        for (let member = from; member < to; member++) {
          const flying = course.members.get(member)?.standing === 'in flight'
          findings.expect(!flying, 'I5', commit, `Member ${member} was skipped in flight.`)
          course.members.set(member, {
            standing: 'ended',
            n: course.members.get(member)?.n ?? 0,
            wave: waveOf(course, member),
          })
          if (waveOf(course, member) === course.wave) course.skipped++
        }
      }
      return
    case 'WaveEnded': {
      const open =
        standing(course, 'in flight') +
        (course.aborted ? 0 : standing(course, 'retrying') + standing(course, 'deferred'))
      findings.expect(open === 0, 'I4', commit, `Wave ${event.data.wave} ended with ${open} members open.`)
      course.waveEnded = true
      return
    }
    case 'BakeStarted':
      course.bakeUntil = event.data.until
      return
    case 'GateEvaluated':
      course.gate = event.data.result
      return
    case 'ContinueGiven': {
      const alone = course.request?.continueBySecondPerson === true && event.data.by === course.requestedBy
      findings.expect(!alone, 'I14', commit, `${event.data.by} continued what they had asked for.`)
      course.continued = true
      return
    }
    case 'WindowSet':
      course.window = event.data
      return
    case 'UpgradePaused':
      course.stoppedAt = commit.at
      return
    case 'UpgradeResumed':
      course.stoppedAt = null
      course.acknowledged = course.failed
      if (course.gate === 'failed' || course.gate === 'inconclusive') course.gate = 'accepted'
      return
    case 'AbortRequested':
      course.aborted = true
      course.stoppedAt = commit.at
      return
    default:
  }
}

function waveOf({ plan, wave }: Course, member: number): number {
  if (!plan) return wave
  if (plan.waves.kind === 'batches') return Math.floor(member / plan.waves.size)
  return plan.waves.cuts.findIndex((cut) => member < cut)
}
