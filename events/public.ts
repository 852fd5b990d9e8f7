import * as z from 'zod'
import { instant } from './words.ts'

export { publicSource } from './words.ts'

// What integrations get is released: a field or a word may be added here, none goes or changes its meaning (ADR 0022).

const by = z.string().describe('Who did it: the subject of a token, or a part of Drydock.')
const reason = z.string().describe('Why, in the words of who did it.')
const code = z.string().describe('A stable word for it; more may come.')
const detail = z.string().describe('What happened, for a person to read.')
const wave = z.int().min(0).describe('Index of the wave, from 0.')
const waveNumber = z.int().min(1).describe('Number of the wave, from 1, as the API and its sentences count.')
const phaseNumber = z.int().min(1).describe('Number of the phase in the plan file, from 1.')
const phaseName = z.string().describe('What the phase is called.')
const planHash = z.string().describe('Hash of the plan; who approves names it.')
const hold = z
  .enum(['WINDOW_CLOSED', 'FREEZE', 'POLICY', 'BUDGET'])
  .describe('Why nothing is admitted; more may come.')

const window = z
  .object({ start: instant.describe('From then on.'), end: instant.describe('Until then.') })
  .nullable()

const demands = z.array(
  z.object({
    policy: z.string().describe('The policy that asks.'),
    required: z.int().min(1).describe('How many people have to approve for it.'),
    given: z.int().min(0).describe('How many of these there are.'),
  }),
)

/** The `data` of each event of an upgrade. */
const ofUpgrades = {
  UpgradeRequested: z.object({
    by,
    kind: z.enum(['deploy', 'retry', 'rollback']).describe('What it is for.'),
    parentId: z.string().nullable().describe('The upgrade whose targets it tries again or takes back.'),
    profileId: z.string().nullable().describe('The profile that started it; null: somebody did.'),
    component: z.string().describe('What is upgraded on its targets.'),
    version: z.string().describe('As it was asked for: latest and stable are resolved by the plan.'),
    strategy: z
      .enum(['all', 'canary', 'batch', 'percentages', 'groups', 'rolling', 'serial'])
      .describe('How its targets are cut into waves.'),
    approvals: z.int().min(0).describe('How many people have to approve the plan.'),
    window: window.describe('When it may run; null: always.'),
    breakGlass: z.boolean().describe('May it run even while everything is stopped?'),
    reason: z.string().nullable().describe('Why, in the words of who asked.'),
    rolloutId: z.string().nullable().describe('The rollout that it is a phase of; null: it stands alone.'),
    phaseNumber: phaseNumber.nullable().describe('Which phase of it it is, from 1.'),
  }),
  UpgradePlanned: z.object({
    planHash,
    version: z.string().describe('What was asked for, resolved.'),
    digest: z.string().nullable().describe('Digest of the release; null: each target has its own version.'),
    total: z.int().min(0).describe('How many targets it upgrades.'),
    waveCount: z.int().min(0).describe('How many waves they are cut into.'),
    approvals: z
      .int()
      .min(0)
      .describe(
        'How many people have to approve it beyond what was asked for, as the first wave is so large.',
      ),
    leftOut: z.record(z.string(), z.int().min(1)).describe('How many targets are not upgraded, by reason.'),
  }),
  PlanningFailed: z.object({ code, detail }),
  ApprovalGiven: z.object({
    by,
    planHash,
    window: window.describe('The window that is approved with the plan; null: always.'),
    comment: z.string().nullable().describe('What they said to it.'),
  }),
  ApprovalsDemanded: z.object({
    demands: demands.describe('What policies ask for now; none: no policy asks for approvals any more.'),
  }),
  ApprovalsVoided: z.object({ by, reason }),
  ApprovalAwaited: z.object({
    planHash,
    window: window.describe('The window that would be approved with the plan; null: always.'),
    needed: z
      .int()
      .min(0)
      .describe('How many people have to approve it as was asked; 0: policies alone ask.'),
    given: z.int().min(0).describe('How many of these there are.'),
    approvers: z.array(z.string()).nullable().describe('Only these may; null: whoever is entitled.'),
    demands: demands.describe('What policies ask for beside it.'),
    until: instant.describe('When it expires, or pauses where it has begun, if they have not.'),
  }),
  UpgradeRejected: z.object({ by, reason }),
  UpgradeExpired: z.object({ detail }),
  WaveStarted: z.object({ wave, waveNumber }),
  WaveEnded: z.object({ wave, waveNumber }),
  ThresholdBreached: z.object({
    wave,
    waveNumber,
    kind: z
      .enum(['failures', 'unreachable', 'budget', 'unavailable'])
      .describe(
        'What there is too much of; budget: failures of the whole upgrade; unavailable: its targets that failed or were unreachable, as a rolling upgrade bears them.',
      ),
    count: z.int().min(0).describe('How many targets of the wave, or of the whole upgrade.'),
    allowed: z.int().min(0).describe('How many it bears.'),
    action: z.enum(['pause', 'abort', 'rollback']).describe('What follows.'),
  }),
  MeasurementTaken: z.object({
    wave,
    waveNumber,
    name: z.string().describe('What is measured, as the request calls it.'),
    value: z.number().nullable().describe('What it gave; null: nothing that counts.'),
    result: z
      .enum(['good', 'bad', 'inconclusive'])
      .describe('Is it within its bounds? Inconclusive: nobody can say.'),
    why: z.string().nullable().describe('Why it gave nothing; null: it gave something.'),
  }),
  GateEvaluated: z.object({
    wave,
    waveNumber,
    result: z.enum(['passed', 'failed', 'inconclusive']).describe('Inconclusive: nothing to measure it by.'),
    successRatePercent: z.number().nullable().describe('Of what was judged; null: nothing was.'),
    requiredPercent: z.number().describe('How much it has to be.'),
  }),
  ContinueAwaited: z.object({
    wave: wave.describe('Index of the wave, from 0, after which it waits.'),
    waveNumber: waveNumber.describe('Number of the wave, from 1, after which it waits.'),
  }),
  ContinueGiven: z.object({
    by,
    wave: wave.describe('Index of the wave, from 0, after which it goes on.'),
    waveNumber: waveNumber.describe('Number of the wave, from 1, after which it goes on.'),
  }),
  HoldPlaced: z.object({
    code: hold,
    until: instant.nullable().describe('When it ends by itself; null: nobody knows.'),
    ref: z
      .string()
      .nullable()
      .describe(
        'What it is about: the end of the window or the calendar that closes it, the reason of the stop, the rules that are not met, or the budget.',
      ),
  }),
  HoldLifted: z.object({ code: hold }),
  FreezeOverridden: z.object({
    freeze: z.string().describe('The reason of the stop that it goes on in spite of.'),
    since: instant.describe('When that stop began.'),
    reason: reason.describe('Why the glass was broken.'),
  }),
  UpgradePaused: z.object({ by, reason }),
  UpgradeResumed: z.object({ by }),
  AbortRequested: z.object({
    by,
    reason,
    rollBack: z.boolean().describe('Is what it touched taken back?'),
    breakGlass: z.string().nullable().describe('Why that happens even while everything is stopped.'),
  }),
  ChildRequested: z.object({
    by,
    childId: z.string().describe('The upgrade that tries again, or takes back.'),
    kind: z.enum(['retry', 'rollback']).describe('What it is for.'),
    targetId: z.string().nullable().describe('The one target that it is about; null: all of them.'),
  }),
  UpgradeAborted: z.object({}),
  UpgradeCompleted: z.object({
    exceptions: z.boolean().describe('Is there a target that it has not upgraded?'),
  }),
} as const

const scheduledAt = instant.describe('When it was to open, by the schedule of the profile.')

/** Of a profile: whether it is in service, what became of each of its windows, and what waits for a person. */
const ofProfiles = {
  ProfileActivated: z.object({ by, reason }),
  ProfileDeactivated: z.object({ by, reason }),
  WindowOpened: z.object({
    scheduledAt,
    end: instant.describe('Until when it is open.'),
    executionId: z.string().describe('What it starts or carries on: an upgrade, or a rollout.'),
    resumed: z.boolean().describe('Does it carry on what an earlier window began?'),
  }),
  WindowSkipped: z.object({ scheduledAt, code, detail }),
  AlertRaised: z.object({
    code,
    upgradeId: z.string().describe('The upgrade of the profile that raised it.'),
  }),
} as const

/** The `data` of each event of a rollout. Its phases are upgrades, which tell of themselves. */
const ofRollouts = {
  RolloutRequested: z.object({
    by,
    kind: z.enum(['deploy', 'rollback']).describe('What it is for.'),
    parentId: z.string().nullable().describe('The rollout that it takes back; null: none.'),
    name: z.string().describe('What it is called.'),
    approvals: z.int().min(0).describe('How many people have to approve the plan of all phases.'),
    onFailure: z
      .enum(['hold', 'rollback'])
      .describe('What follows when a phase does not end well: somebody looks, or all is taken back.'),
    breakGlass: z.boolean().describe('May it run even while everything is stopped?'),
    reason: z.string().nullable().describe('Why, in the words of who asked.'),
  }),
  RolloutPlanned: z.object({
    planHash,
    total: z
      .int()
      .min(0)
      .describe('How many targets its phases upgrade; 0 of a rollback, which is planned phase by phase.'),
    approvals: z
      .int()
      .min(0)
      .describe('How many people have to approve it whatever was asked for, as first waves are so large.'),
  }),
  RolloutPlanningFailed: z.object({ code, detail }),
  RolloutApprovalAwaited: z.object({
    planHash,
    needed: z.int().min(1).describe('How many people have to approve it before anything begins.'),
    approvers: z.array(z.string()).nullable().describe('Only these may; null: whoever is entitled.'),
    until: instant.describe('When it expires, if they have not.'),
  }),
  RolloutApprovalGiven: z.object({
    by,
    planHash,
    comment: z.string().nullable().describe('What they said to it.'),
  }),
  RolloutRejected: z.object({ by, reason }),
  RolloutExpired: z.object({ detail }),
  PhaseStarted: z.object({
    phaseNumber,
    phaseName,
    upgradeId: z.string().describe('The upgrade that it is.'),
  }),
  PhaseSkipped: z.object({ phaseNumber, phaseName }),
  PhaseEnded: z.object({
    phaseNumber,
    phaseName,
    status: z.string().describe('As its upgrade ended, or nothing_to_do; more may come.'),
    passed: z.boolean().describe('May those begin that depend on it?'),
    succeeded: z.int().min(0).describe('How many targets have succeeded.'),
    failed: z.int().min(0).describe('How many failed or were unreachable.'),
    skipped: z.int().min(0).describe('How many were left out.'),
  }),
  PhaseOvertaken: z.object({
    phaseNumber,
    phaseName,
    targets: z.int().min(1).describe('How many do not run any more what it had put there.'),
  }),
  PhaseAccepted: z.object({ phaseNumber, phaseName, by, reason }),
  RolloutPaused: z.object({ by, reason }),
  RolloutResumed: z.object({ by }),
  RolloutAbortRequested: z.object({
    by,
    reason,
    rollbackId: z.string().nullable().describe('The rollout that then takes it back; null: none does.'),
    breakGlass: z.string().nullable().describe('Why that happens even while everything is stopped.'),
  }),
  RolloutChildRequested: z.object({
    by,
    reason,
    rollbackId: z.string().describe('The rollout that takes it back.'),
    phaseNumbers: z.array(phaseNumber).describe('The numbers of the phases that it takes back, from 1.'),
  }),
  RolloutAborted: z.object({}),
  RolloutCompleted: z.object({
    exceptions: z
      .boolean()
      .describe('Did a phase end with exceptions, or was one accepted that had not ended well?'),
  }),
} as const

/** The `data` of what happens to a release that decides where it may go. */
const ofReleases = {
  ReleaseRegistered: z.object({
    component: z.string().describe('What it is a release of.'),
    version: z.string().describe('Which one.'),
    channel: z.string().describe('Where it was published.'),
    digest: z.string().describe('Of what is installed, or of its signed manifest.'),
    notes: z.string().nullable().describe('What its maker says of it; null: nothing.'),
  }),
  ReleasePromoted: z.object({
    from: z.string().describe('The channel that it was on.'),
    channel: z.string().describe('The channel that it is on now.'),
    reason,
  }),
  ReleaseBlocked: z.object({ reason }),
  ReleaseUnblocked: z.object({ reason }),
  ReleaseHeldBack: z.object({
    reason,
    upgradeId: z.string().describe('The upgrade from whose targets it was taken back.'),
  }),
  ReleaseFreed: z.object({ by, reason }),
  ReleaseWithdrawn: z.object({ reason }),
} as const

/** Of a target: what somebody has to look after; two machines at most once a day, a regression at most twice an attempt. */
const ofTargets = {
  AttemptRegressed: z.object({
    upgradeId: z.string().describe('The upgrade whose attempt it was.'),
    attemptId: z.string().describe('The attempt, which had succeeded.'),
    component: z.string().describe('What was upgraded.'),
    outcome: z.enum(['failed', 'rolled_back', 'rollback_failed']).describe('What the target says of it now.'),
    code: code.nullable().describe('A stable word for why; null: it gave none. More may come.'),
    version: z.string().describe('What the target is held to run now.'),
  }),
  TargetCloned: z.object({
    sign: z
      .enum(['boot-ids', 'contradicting-reports'])
      .describe('By what it is noticed that two machines seem to speak with its credential; more may come.'),
  }),
} as const

/**
 * The `data` of every public event, by the aggregate that it comes from. None of it comes once a target that is upgraded, so what the bus
 * carries does not grow with the fleet.
 */
export const publicData = {
  upgrade: ofUpgrades,
  rollout: ofRollouts,
  profile: ofProfiles,
  release: ofReleases,
  target: ofTargets,
} as const

const common = z.object({
  id: z.string().describe('Stream, commit and place of the event: deliveries of one event share it.'),
  stream: z.string().describe('What the event is in the history of.'),
  commit: z.int().positive().describe('Number of the commit in its stream.'),
  occurredAt: instant.describe('When it was decided.'),
  actor: z.string().describe('Who caused it: the subject of a token, or a part of Drydock.'),
  correlation: z.string().describe('Shared by all that follows from one request.'),
  links: z
    .object({
      self: z.string().describe('What it is about, as it stands now: a path below the address of the API.'),
    })
    .describe('Where to look.'),
})
const upgradeId = z.string().describe('The upgrade that it is about.')
const rolloutId = z.string().describe('The rollout that it is about.')
const profileId = z.string().describe('The profile that it is about.')
const releaseId = z.string().describe('The release that it is about: its component, an @ and its version.')
const targetId = z.string().describe('The target that it is about.')

type Details<Schemas extends Readonly<Record<string, z.ZodType>>, Subject> = {
  readonly [Type in keyof Schemas]: Readonly<z.output<typeof common>> &
    Subject & { readonly type: Type; readonly data: z.output<Schemas[Type]> }
}[keyof Schemas]

/** The `detail` of a public event as it is put on the bus. */
export type PublicDetail =
  | Details<typeof ofUpgrades, { readonly upgradeId: string }>
  | Details<typeof ofRollouts, { readonly rolloutId: string }>
  | Details<typeof ofProfiles, { readonly profileId: string }>
  | Details<typeof ofReleases, { readonly releaseId: string }>
  | Details<typeof ofTargets, { readonly targetId: string }>

/** The schema of the `detail` of every public event, by its type: what the registry of schemas shows. */
export const publicDetails: Readonly<Record<string, z.ZodObject>> = Object.fromEntries([
  ...Object.entries(ofUpgrades).map(([type, data]) => [type, detailOf(type, { upgradeId }, data)] as const),
  ...Object.entries(ofRollouts).map(([type, data]) => [type, detailOf(type, { rolloutId }, data)] as const),
  ...Object.entries(ofProfiles).map(([type, data]) => [type, detailOf(type, { profileId }, data)] as const),
  ...Object.entries(ofReleases).map(([type, data]) => [type, detailOf(type, { releaseId }, data)] as const),
  ...Object.entries(ofTargets).map(([type, data]) => [type, detailOf(type, { targetId }, data)] as const),
])

function detailOf(type: string, subject: z.ZodRawShape, data: z.ZodObject): z.ZodObject {
  return common.extend({
    type: z.literal(type).describe('What happened; the detail-type says the same.'),
    ...subject,
    data: data.describe('What there is to know about it.'),
  })
}
