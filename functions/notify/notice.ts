import { breachPhrase, counted, upgradeHoldPhrases } from '../../events/phrases.ts'
import type { PublicDetail } from '../../events/public.ts'
import type { Severity } from '../../events/words.ts'
import type { ExistingRollout } from '../domain/rollout/state.ts'
import { awaitsApproval } from '../domain/standing.ts'
import type { HoldCode } from '../domain/upgrade/hold.ts'
import { type ExistingUpgrade, hasEnded, planOf } from '../domain/upgrade/state.ts'
import type { Window } from '../domain/window.ts'

/** What somebody is asked for: to approve a plan, by its hash. */
export interface Question {
  readonly kind: 'upgrade' | 'rollout'
  readonly id: string
  readonly planHash: string
  /** In which the upgrade may run: it is approved with the plan. Null: always, or the phases have their own. */
  readonly window: Window | null
}

/** What people are told, in whatever way: plain text, in which what users have called things stands as it is. */
export interface Notice {
  readonly severity: Severity
  /** One line. */
  readonly title: string
  /** Sentences, each a paragraph. */
  readonly lines: readonly string[]
  readonly facts: readonly (readonly [label: string, value: string])[]
  /** Where it is seen: a path below the address of the API. */
  readonly link: string
  /** The version that it is about; null: none. */
  readonly version: string | null
  readonly question: Question | null
}

type Told<Type extends PublicDetail['type']> = Extract<PublicDetail, { readonly type: Type }>

/** How much an event matters and what it says, a sentence; null: nobody is told of it but programs. */
type Sentences = {
  readonly [Type in PublicDetail['type']]:
    | readonly [Severity, (data: Told<Type>['data'], detail: Told<Type>) => string]
    | null
}

/** The holds that are worth a look, as they wait for a person. */
const waitingForPeople: ReadonlySet<HoldCode> = new Set([
  ...(['GATE_FAILED', 'GATE_INCONCLUSIVE', 'APPROVAL', 'CONTINUE', 'OPERATOR'] as const),
])
const follows = {
  ...{ pause: 'It is paused.', abort: 'It is aborted.', rollback: 'It is taken back.' },
} as const

const sentences: Sentences = {
  UpgradeRequested: null,
  UpgradePlanned: null,
  PlanningFailed: ['warning', ({ detail }) => `It could not be planned: ${detail}`],
  ApprovalGiven: ['info', ({ by }) => `${by} approved it.`],
  ApprovalsDemanded: null,
  ApprovalAwaited: null,
  ApprovalsVoided: ['warning', ({ reason }) => `Approvals given before count no more: ${reason}`],
  UpgradeRejected: ['warning', ({ by, reason }) => `${by} rejected it: ${reason}`],
  UpgradeExpired: ['warning', ({ detail }) => `It expired: ${detail}`],
  WaveStarted: ['info', ({ waveNumber }) => `Wave ${waveNumber} has started.`],
  WaveEnded: null,
  ThresholdBreached: [
    'critical',
    ({ waveNumber, action, ...breach }) =>
      `${breachPhrase(breach, `wave ${waveNumber}`)}. ${follows[action]}`,
  ],
  MeasurementTaken: null,
  GateEvaluated: [
    'info',
    ({ result, waveNumber }) =>
      `The gate after wave ${waveNumber} ${result === 'inconclusive' ? 'is inconclusive' : result}.`,
  ],
  ContinueAwaited: [
    'warning',
    ({ waveNumber }) => `It waits for somebody to continue after wave ${waveNumber}.`,
  ],
  ContinueGiven: ['info', ({ by, waveNumber }) => `${by} continued it after wave ${waveNumber}.`],
  HoldPlaced: [
    'info',
    ({ code, until }) => `It ${upgradeHoldPhrases[code]}${until === null ? '' : `, until ${until}`}.`,
  ],
  HoldLifted: null,
  FreezeOverridden: [
    'critical',
    ({ freeze, reason }) => `It goes on in spite of the stop "${freeze}": ${reason}`,
  ],
  UpgradePaused: ['warning', ({ by, reason }) => `${by} paused it: ${reason}`],
  UpgradeResumed: ['info', ({ by }) => `${by} resumed it.`],
  AbortRequested: ['critical', ({ by, reason }) => `${by} aborted it: ${reason}`],
  ChildRequested: [
    'warning',
    ({ by, kind, childId }) =>
      `${by} asked for a ${kind === 'retry' ? 'retry' : 'rollback'} by upgrade ${childId}.`,
  ],
  UpgradeAborted: ['critical', () => 'It is aborted; nothing is in flight.'],
  UpgradeCompleted: [
    'info',
    ({ exceptions }) => (exceptions ? 'It is complete, with exceptions.' : 'It is complete.'),
  ],

  RolloutRequested: null,
  RolloutPlanned: null,
  RolloutPlanningFailed: ['warning', ({ detail }) => `It could not be planned: ${detail}`],
  RolloutApprovalAwaited: null,
  RolloutApprovalGiven: ['info', ({ by }) => `${by} approved it.`],
  RolloutRejected: ['warning', ({ by, reason }) => `${by} rejected it: ${reason}`],
  RolloutExpired: ['warning', ({ detail }) => `It expired: ${detail}`],
  PhaseStarted: ['info', ({ phaseName }) => `Phase "${phaseName}" has started.`],
  PhaseSkipped: null,
  PhaseEnded: [
    'info',
    ({ phaseName, status, succeeded, failed }) =>
      `Phase "${phaseName}" ended as ${status.replaceAll('_', ' ')}: ${succeeded} succeeded, ${failed} failed.`,
  ],
  PhaseOvertaken: [
    'warning',
    ({ phaseName, targets }) =>
      `${counted(targets, 'target does', 'targets do')} not run any more what phase "${phaseName}" had put there.`,
  ],
  PhaseAccepted: ['info', ({ by, phaseName, reason }) => `${by} accepted phase "${phaseName}": ${reason}`],
  RolloutPaused: ['warning', ({ by, reason }) => `${by} paused it: ${reason}`],
  RolloutResumed: ['info', ({ by }) => `${by} resumed it.`],
  RolloutAbortRequested: ['critical', ({ by, reason }) => `${by} aborted it: ${reason}`],
  RolloutChildRequested: ['warning', ({ by, reason }) => `${by} has it taken back: ${reason}`],
  RolloutAborted: ['critical', () => 'It is aborted; nothing is in flight.'],
  RolloutCompleted: [
    'info',
    ({ exceptions }) => (exceptions ? 'It is complete, with exceptions.' : 'It is complete.'),
  ],

  ProfileActivated: ['info', ({ by, reason }) => `${by} put it into service: ${reason}`],
  ProfileDeactivated: ['critical', ({ by, reason }) => `${by} took it out of service: ${reason}`],
  WindowOpened: null,
  WindowSkipped: [
    'warning',
    ({ scheduledAt, detail }) => `Its window of ${scheduledAt} did not open: ${detail}`,
  ],
  AlertRaised: ['critical', ({ code, upgradeId }) => `Upgrade ${upgradeId} raised ${code}.`],

  ReleaseRegistered: ['info', ({ channel }) => `It is there, on channel ${channel}.`],
  ReleasePromoted: ['info', ({ from, channel, reason }) => `It went from ${from} to ${channel}: ${reason}`],
  ReleaseBlocked: ['warning', ({ reason }) => `It is blocked: ${reason}`],
  ReleaseUnblocked: ['info', ({ reason }) => `It is blocked no more: ${reason}`],
  ReleaseHeldBack: [
    'warning',
    ({ reason, upgradeId }) => `It was held back after upgrade ${upgradeId}: ${reason}`,
  ],
  ReleaseFreed: ['info', ({ by, reason }) => `${by} let it go on: ${reason}`],
  ReleaseWithdrawn: ['critical', ({ reason }) => `It is withdrawn: ${reason}`],

  AttemptRegressed: [
    'warning',
    ({ component, outcome, upgradeId }) =>
      `${component} had succeeded by upgrade ${upgradeId}, and is ${outcome.replaceAll('_', ' ')} now.`,
  ],
  TargetCloned: ['warning', () => 'Two machines seem to speak with its credential.'],
}

/** What a notice calls what it is about, and where that is seen. */
interface Subject {
  readonly name: string
  readonly link: string
  readonly version: string | null
}

const page = (...parts: readonly string[]) => `/console#/${parts.map(encodeURIComponent).join('/')}`

/** Returns what is asked of people by an upgrade or a rollout; null: nothing. */
function questionOf(
  kind: Question['kind'],
  id: string,
  state: ExistingUpgrade | ExistingRollout,
): Question | null {
  const planHash = 'planHash' in state ? state.planHash : (planOf(state)?.planHash ?? null)
  const isOver = state.stage === 'ended' || state.abort !== null
  if (planHash === null || isOver || !awaitsApproval(state)) return null
  const window = kind === 'upgrade' && 'window' in state ? state.window : null
  return { kind, id, planHash, window: window && { start: window.start, end: window.end } }
}

function subjectOfUpgrade(id: string, state: ExistingUpgrade): Subject {
  const { component, version: asked } = state.request
  const version = planOf(state)?.version ?? asked
  const what = { deploy: 'Upgrade', retry: 'Retry', rollback: 'Rollback' }[state.request.kind]
  return { name: `${what} of ${component} to ${version}`, link: page('upgrades', id), version }
}

function subjectOfRollout(id: string, { request }: ExistingRollout): Subject {
  const what = request.kind === 'rollback' ? 'Rollback' : 'Rollout'
  return { name: `${what} "${request.name}"`, link: page('rollouts', id), version: null }
}

/** What an event is about, as its stream says now; null: it is about neither, or nothing is there yet. */
export type About =
  | { readonly kind: 'upgrade'; readonly id: string; readonly state: ExistingUpgrade }
  | { readonly kind: 'rollout'; readonly id: string; readonly state: ExistingRollout }

function subjectOfState(about: About): Subject {
  return about.kind === 'upgrade'
    ? subjectOfUpgrade(about.id, about.state)
    : subjectOfRollout(about.id, about.state)
}

function subjectOf(detail: PublicDetail, about: About | null): Subject {
  if (about) return subjectOfState(about)
  if ('upgradeId' in detail)
    return { name: `Upgrade ${detail.upgradeId}`, link: page('upgrades', detail.upgradeId), version: null }
  if ('rolloutId' in detail)
    return { name: `Rollout ${detail.rolloutId}`, link: page('rollouts', detail.rolloutId), version: null }
  if ('profileId' in detail)
    return { name: `Profile ${detail.profileId}`, link: page('profiles', detail.profileId), version: null }
  if ('targetId' in detail)
    return { name: `Target ${detail.targetId}`, link: page('targets', detail.targetId), version: null }
  const [component = '', version = ''] = detail.releaseId.split('@')
  return { name: `Release ${component} ${version}`, link: page('releases', component), version }
}

/** What may have somebody asked for an approval: whether it does is for the stream to say. */
const mayAsk: readonly PublicDetail['type'][] = ['ApprovalAwaited', 'RolloutApprovalAwaited']

/** Returns whether people may be told of events of a type. */
export function isTold(type: PublicDetail['type']): boolean {
  return sentences[type] !== null || mayAsk.includes(type)
}

function linesOf(detail: PublicDetail, about: About | null): readonly [Severity, string] | null {
  if (mayAsk.includes(detail.type)) {
    const asks = about && questionOf(about.kind, about.id, about.state)
    return asks ? ['warning', 'It waits for approval.'] : null
  }
  const told = sentences[detail.type]
  if (told === null) return null
  const [severity, sentence] = told
  // The table pairs each type with its own data, which the compiler does not follow.
  const words = (sentence as (data: unknown, detail: unknown) => string)(detail.data, detail)
  // It says by how it ends how much that matters.
  const isWorse =
    (detail.type === 'GateEvaluated' && detail.data.result !== 'passed') ||
    ((detail.type === 'UpgradeCompleted' || detail.type === 'RolloutCompleted') && detail.data.exceptions) ||
    (detail.type === 'PhaseEnded' && !detail.data.passed)
  return [isWorse ? 'warning' : severity, words]
}

/** Returns what people are told of an event; null: nothing. */
export function noticeOf(detail: PublicDetail, about: About | null): Notice | null {
  const lines = linesOf(detail, about)
  if (lines === null) return null
  const { name, link, version } = subjectOf(detail, about)
  const asks = mayAsk.includes(detail.type) && about ? questionOf(about.kind, about.id, about.state) : null
  return {
    ...{ severity: lines[0], title: name, lines: [lines[1]], facts: factsOf(about) },
    ...{ link, version, question: asks },
  }
}

function factsOf(about: About | null): Notice['facts'] {
  if (about === null) return []
  const { state } = about
  const asked = ['Asked for by', state.requestedBy] as const
  if (about.kind === 'rollout') {
    const { begun, over } = about.state.standing
    const phases = about.state.phases.length
    return [asked, ['Phases', `${over} of ${phases} over, ${begun - over} at work`]]
  }
  const { counts, wave } = about.state.standing
  const plan = planOf(about.state)
  if (plan === null) return [asked]
  const rest = [
    [counts.failed, 'failed'],
    [counts.unreachable, 'unreachable'],
    [counts.skipped, 'skipped'],
    [counts.inFlight, 'in flight'],
  ] as const
  const others = rest.flatMap(([count, words]) => (count > 0 ? [`${count} ${words}`] : []))
  return [
    asked,
    ['Targets', [`${counts.succeeded} of ${plan.members} succeeded`, ...others].join(', ')],
    ...(wave >= 0 && !hasEnded(about.state) ? ([['Wave', String(wave + 1)]] as const) : []),
  ]
}

function windowOf({ kind, state }: About): Notice['facts'] {
  if (kind === 'rollout' || !('window' in state) || state.window === null) return []
  return [['Window', `${state.window.start} to ${state.window.end}`]]
}

const statusWords: Readonly<Record<ExistingUpgrade['standing']['status'], readonly [Severity, string]>> = {
  requested: ['info', 'Is being planned'],
  pending_approval: ['warning', 'Waits for approval'],
  scheduled: ['info', 'Is scheduled'],
  running: ['info', 'Is running'],
  paused: ['warning', 'Is paused'],
  aborting: ['critical', 'Is being aborted'],
  aborted: ['critical', 'Is aborted'],
  completed: ['info', 'Is complete'],
  completed_with_exceptions: ['warning', 'Is complete, with exceptions'],
  failed: ['critical', 'Has failed'],
  rejected: ['warning', 'Was rejected'],
  expired: ['warning', 'Has expired'],
}

/** The status says these already. */
const saidByStatus: readonly HoldCode[] = ['APPROVAL', 'OPERATOR']

/** Returns the state of an upgrade or a rollout as one message tells it that is edited as it goes. */
export function progressOf(about: About): Notice {
  const { standing } = about.state
  const [severity, words] = statusWords[standing.status]
  const { name, link, version } = subjectOfState(about)
  const held = ('holds' in standing ? standing.holds : []).flatMap(({ code }) =>
    saidByStatus.includes(code) ? [] : [code],
  )
  const why = held.map((code) => `It ${upgradeHoldPhrases[code]}.`)
  const isWaiting = held.some((code) => waitingForPeople.has(code))
  const worst = isWaiting && severity === 'info' ? 'warning' : severity
  const { approvals } = standing
  const given =
    approvals.needed > 0 ? ([['Approvals', `${approvals.given} of ${approvals.needed}`]] as const) : []
  const approvedBy = ('approvals' in about.state ? about.state.approvals : []).map(
    ({ by }) => `Approved by ${by}.`,
  )
  return {
    ...{ severity: worst, title: name, link, version },
    lines: [`${words}.`, ...(standing.failure ? [standing.failure.detail] : []), ...approvedBy, ...why],
    facts: [...factsOf(about), ...given, ...windowOf(about)],
    question: questionOf(about.kind, about.id, about.state),
  }
}
