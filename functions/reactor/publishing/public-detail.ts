import type * as z from 'zod'
import type { Commit } from '../../../events/envelope.ts'
import { type ProfileEvent, profileEvents } from '../../../events/profile.ts'
import type { PublicDetail, publicData } from '../../../events/public.ts'
import { type ReleaseEvent, releaseEvents } from '../../../events/release.ts'
import { type RolloutEvent, rolloutEvents } from '../../../events/rollout.ts'
import { partsOf, refOf } from '../../../events/stream.ts'
import { type TargetEvent, targetEvents } from '../../../events/target.ts'
import { type UpgradeEvent, upgradeEvents } from '../../../events/upgrade.ts'
import { waveCount } from '../../domain/plan/waves.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { releaseAggregate } from '../../domain/release/release.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'

interface Internal {
  readonly type: string
  readonly data: object
}

/**
 * For each public type, how the data of the internal event of that name becomes what integrations get. It names every field, so that a
 * new internal one stays inside. A public type without a mapping does not compile, nor does one that no internal event bears.
 */
type Mapping<Event extends Internal, Public extends Readonly<Record<string, z.ZodType>>> = {
  readonly [Type in keyof Public]: Type extends Event['type']
    ? (data: Extract<Event, { readonly type: Type }>['data']) => z.output<Public[Type]>
    : never
}

/** `wave` is the log's own and was promised so; whoever reads for a person wants `waveNumber`. */
const numbered = (wave: number) => ({ wave, waveNumber: wave + 1 })

const ofUpgrades: Mapping<UpgradeEvent, typeof publicData.upgrade> = {
  UpgradeRequested: ({ by, request, rollout }) => ({
    by,
    kind: request.kind,
    parentId: request.parent,
    profileId: request.selection.profile ?? null,
    component: request.component,
    version: request.version,
    strategy: request.strategy,
    approvals: request.approvals.required,
    window: request.window && { start: request.window.start, end: request.window.end },
    breakGlass: request.breakGlass,
    reason: request.reason,
    rolloutId: rollout?.id ?? null,
    phaseNumber: rollout ? rollout.phase + 1 : null,
  }),
  UpgradePlanned: ({ planHash, version, digest, members, waves, leftOut, exposure }) => ({
    ...{ planHash, version, digest, leftOut },
    total: members,
    waveCount: waveCount(waves, members),
    approvals: exposure?.approvals ?? 0,
  }),
  PlanningFailed: ({ code, detail }) => ({ code, detail }),
  ApprovalGiven: ({ by, planHash, window, comment }) => ({ by, planHash, window, comment }),
  ApprovalsDemanded: ({ demands }) => ({
    demands: demands.map(({ policy, required, given }) => ({ policy, required, given })),
  }),
  ApprovalsVoided: ({ by, reason }) => ({ by, reason }),
  ApprovalAwaited: ({ planHash, window, needed, given, approvers, demands, until }) => ({
    ...{ planHash, window, needed, given, approvers, demands, until },
  }),
  UpgradeRejected: ({ by, reason }) => ({ by, reason }),
  UpgradeExpired: ({ detail }) => ({ detail }),
  WaveStarted: ({ wave }) => numbered(wave),
  WaveEnded: ({ wave }) => numbered(wave),
  ThresholdBreached: ({ wave, kind, count, allowed, action }) => ({
    ...numbered(wave),
    ...{ kind, count, allowed, action },
  }),
  MeasurementTaken: ({ wave, name, value, result, why }) => ({
    ...numbered(wave),
    ...{ name, value, result, why },
  }),
  GateEvaluated: ({ wave, result, successRatePercent, required }) => ({
    ...numbered(wave),
    ...{ result, successRatePercent },
    requiredPercent: required,
  }),
  ContinueAwaited: ({ wave }) => numbered(wave),
  ContinueGiven: ({ by, wave }) => ({ by, ...numbered(wave) }),
  HoldPlaced: ({ code, until, ref }) => ({ code, until, ref }),
  HoldLifted: ({ code }) => ({ code }),
  FreezeOverridden: ({ freeze, since, breakGlass }) => ({ freeze, since, reason: breakGlass }),
  UpgradePaused: ({ by, reason }) => ({ by, reason }),
  UpgradeResumed: ({ by }) => ({ by }),
  AbortRequested: ({ by, reason, rollBack, breakGlass = null }) => ({ by, reason, rollBack, breakGlass }),
  ChildRequested: ({ by, child, kind, target }) => ({ by, childId: child, kind, targetId: target }),
  UpgradeAborted: () => ({}),
  UpgradeCompleted: ({ exceptions }) => ({ exceptions }),
}

/** Events of rollouts and of upgrades share some names: outside, where all meet, those of rollouts say whose they are. */
type Outside<Type extends string> = Type extends `Rollout${string}` | `Phase${string}`
  ? Type
  : `Rollout${Type}`
type OutsideEvent<Event extends RolloutEvent> = Event extends RolloutEvent
  ? { readonly type: Outside<Event['type']>; readonly data: Event['data'] }
  : never

function outside(type: string): string {
  return /^(Rollout|Phase)/.test(type) ? type : `Rollout${type}`
}

/** Phases are counted from 0 inside, and from 1 for people. */
const named = ({ phase, name }: { readonly phase: number; readonly name: string }) => ({
  phaseNumber: phase + 1,
  phaseName: name,
})

const ofRollouts: Mapping<OutsideEvent<RolloutEvent>, typeof publicData.rollout> = {
  RolloutRequested: ({ by, request: { kind, parent, name, approvals, onFailure, breakGlass, reason } }) => ({
    ...{ by, kind, name, onFailure, reason },
    breakGlass: breakGlass === true,
    parentId: parent,
    approvals: approvals.required,
  }),
  RolloutPlanned: ({ planHash, members, exposure }) => ({
    planHash,
    total: members,
    approvals: exposure?.approvals ?? 0,
  }),
  RolloutPlanningFailed: ({ code, detail }) => ({ code, detail }),
  RolloutApprovalAwaited: ({ planHash, needed, approvers, until }) => ({
    planHash,
    needed,
    approvers,
    until,
  }),
  RolloutApprovalGiven: ({ by, planHash, comment }) => ({ by, planHash, comment }),
  RolloutRejected: ({ by, reason }) => ({ by, reason }),
  RolloutExpired: ({ detail }) => ({ detail }),
  PhaseStarted: (data) => ({ ...named(data), upgradeId: data.upgrade }),
  PhaseSkipped: (data) => named(data),
  PhaseEnded: ({ status, passed, succeeded, failed, skipped, ...data }) => ({
    ...named(data),
    ...{ status, passed, succeeded, failed, skipped },
  }),
  PhaseOvertaken: ({ targets, ...data }) => ({ ...named(data), targets }),
  PhaseAccepted: ({ by, reason, ...data }) => ({ ...named(data), by, reason }),
  RolloutPaused: ({ by, reason }) => ({ by, reason }),
  RolloutResumed: ({ by }) => ({ by }),
  RolloutAbortRequested: ({ by, reason, rollback, breakGlass = null }) => ({
    ...{ by, reason, breakGlass },
    rollbackId: rollback,
  }),
  RolloutChildRequested: ({ by, reason, child, phases }) => ({
    ...{ by, reason },
    rollbackId: child,
    phaseNumbers: phases.map((phase) => phase + 1),
  }),
  RolloutAborted: () => ({}),
  RolloutCompleted: ({ exceptions }) => ({ exceptions }),
}

const ofProfiles: Mapping<ProfileEvent, typeof publicData.profile> = {
  ProfileActivated: ({ by, reason }) => ({ by, reason }),
  ProfileDeactivated: ({ by, reason }) => ({ by, reason }),
  WindowOpened: ({ scheduledAt, end, upgrade, resumed }) => ({
    ...{ scheduledAt, end, resumed },
    executionId: upgrade,
  }),
  WindowSkipped: ({ scheduledAt, reason, detail }) => ({ scheduledAt, code: reason, detail }),
  AlertRaised: ({ code, upgrade }) => ({ code, upgradeId: upgrade }),
}

const ofReleases: Mapping<ReleaseEvent, typeof publicData.release> = {
  ReleaseRegistered: ({ component, version, channel, digest, notes }) => ({
    ...{ component, version, channel, digest, notes },
  }),
  ReleasePromoted: ({ from, channel, reason }) => ({ from, channel, reason }),
  ReleaseBlocked: ({ reason }) => ({ reason }),
  ReleaseUnblocked: ({ reason }) => ({ reason }),
  ReleaseHeldBack: ({ reason, upgrade }) => ({ reason, upgradeId: upgrade }),
  ReleaseFreed: ({ by, reason }) => ({ by, reason }),
  ReleaseWithdrawn: ({ reason }) => ({ reason }),
}

const ofTargets: Mapping<TargetEvent, typeof publicData.target> = {
  AttemptRegressed: ({ upgrade, attempt, component, outcome, code, version }) => ({
    ...{ upgradeId: upgrade, attemptId: attempt, component, outcome, code, version },
  }),
  TargetCloned: ({ sign }) => ({ sign }),
}

/** The types of events of each aggregate that integrations hear of. */
export const publicTypes = {
  upgrade: typesOf(ofUpgrades),
  rollout: typesOf(rolloutEvents.shapes).filter((type) => Object.hasOwn(ofRollouts, outside(type))),
  profile: typesOf(ofProfiles),
  release: typesOf(ofReleases),
  target: typesOf(ofTargets),
} as const

function typesOf<Type extends string>(mapping: Readonly<Record<Type, unknown>>): readonly Type[] {
  return Object.keys(mapping) as Type[] // Object.keys forgets which keys
}

/** An aggregate that integrations hear of: its events, what becomes of them, and the field that names it. */
interface Heard {
  decode(type: string, schema: number, data: unknown): Internal
  readonly mapping: Readonly<Record<string, (data: never) => object>>
  readonly subject: 'upgradeId' | 'rolloutId' | 'profileId' | 'releaseId' | 'targetId'
  /** The path below which the API tells what one is. */
  readonly at: string
  /** What stands in that path for an id, where it is not the id itself. */
  parts?(id: string): readonly string[]
  /** What an event is called outside, where that is another name. */
  outside?(type: string): string
}

/** An id of a release is its component, an @ and its version, neither of which has one. */
const releaseParts = (id: string) => id.split('@')

const heard: ReadonlyMap<string, Heard> = new Map<string, Heard>([
  [
    upgradeAggregate.name,
    { decode: upgradeEvents.decode, mapping: ofUpgrades, subject: 'upgradeId', at: '/api/upgrades' },
  ],
  [
    rolloutAggregate.name,
    {
      decode: rolloutEvents.decode,
      mapping: ofRollouts,
      subject: 'rolloutId',
      at: '/api/v1/rollouts',
      outside,
    },
  ],
  [
    profileAggregate.name,
    {
      decode: profileEvents.decode,
      mapping: ofProfiles,
      subject: 'profileId',
      at: '/api/v1/upgrade-profiles',
    },
  ],
  [
    releaseAggregate.name,
    {
      decode: releaseEvents.decode,
      mapping: ofReleases,
      subject: 'releaseId',
      at: '/api/v1/releases',
      parts: releaseParts,
    },
  ],
  [
    targetAggregate.name,
    { decode: targetEvents.decode, mapping: ofTargets, subject: 'targetId', at: '/api/v1/targets' },
  ],
])

/** Returns what integrations hear of a commit, in its order. Pure. Throws like `decode` when data is not of its shape. */
export function publicDetailsOf(commit: Commit): PublicDetail[] {
  const { kind, id } = partsOf(commit.stream)
  const source = heard.get(kind)
  if (!source) return []
  const { decode, mapping, subject, at, parts = (whole) => [whole] } = source
  const self = [at, ...parts(id).map(encodeURIComponent)].join('/')
  return commit.events.flatMap(({ type: inside, schema, data }, place) => {
    const type = source.outside?.(inside) ?? inside
    const published = Object.hasOwn(mapping, type) ? mapping[type] : undefined
    if (!published) return []
    const detail = {
      id: `${refOf(commit.stream, commit.commit)}.${place}`,
      type,
      stream: commit.stream,
      commit: commit.commit,
      occurredAt: commit.at,
      actor: commit.actor,
      correlation: commit.correlation,
      links: { self },
      [subject]: id,
      // `decode` has returned the event of this type, and the mapping is that of the type.
      data: published(decode(inside, schema, JSON.parse(data)).data as never),
    }
    return [detail as unknown as PublicDetail] // its parts belong together by `type`, which the compiler does not follow
  })
}
