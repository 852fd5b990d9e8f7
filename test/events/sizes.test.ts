import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Deployment, deployment } from '../../contracts/deployment.ts'
import { type BudgetEvent, budgetEvents } from '../../events/budget.ts'
import { type ComponentEvent, componentEvents } from '../../events/component.ts'
import {
  type DestinationDocument,
  type DestinationEvent,
  destinationEvents,
} from '../../events/destinations.ts'
import { type LicenceEvent, licenceEvents } from '../../events/licence.ts'
import { type MembershipEvent, membershipEvents } from '../../events/membership.ts'
import { leftOutPhrases } from '../../events/phrases.ts'
import { membersPerChunk, type PlanEvent, planEvents } from '../../events/plan.ts'
import { type PolicyEvent, policyEvents } from '../../events/policy.ts'
import {
  largestProcedure,
  type ProcedureEvent,
  procedureDocument,
  procedureEvents,
} from '../../events/procedure.ts'
import { type ProfileEvent, profileEvents } from '../../events/profile.ts'
import { type ReleaseEvent, releaseEvents } from '../../events/release.ts'
import { type RolloutEvent, rolloutEvents } from '../../events/rollout.ts'
import { type PolicyDocument, type RuleEvent, ruleEvents } from '../../events/rules.ts'
import type { Measured } from '../../events/tally.ts'
import { type TargetEvent, targetEvents } from '../../events/target.ts'
import { type TrustEvent, trustEvents } from '../../events/trust.ts'
import { type UpgradeEvent, type UpgradeRequest, upgradeEvents } from '../../events/upgrade.ts'
import { bytesOfApprovers } from '../../events/words.ts'
import { largestPhases } from '../../functions/api/rollouts/request.ts'
import { requestFrom } from '../../functions/api/upgrades/request.ts'
import type { Aggregate, DomainEvent } from '../../functions/domain/aggregate.ts'
import { destinationsAggregate } from '../../functions/domain/destination/destinations.ts'
import { membershipsPerChunk } from '../../functions/domain/membership/job.ts'
import { validateDefinition } from '../../functions/domain/profile/definition.ts'
import { editorsBeside } from '../../functions/domain/profile/editors.ts'
import { refusePlans } from '../../functions/domain/rollout/request.ts'
import { rulesAggregate } from '../../functions/domain/rules/rules.ts'
import { tallyOf } from '../../functions/domain/tally/tally.ts'
import { rangesPerEvent } from '../../functions/domain/upgrade/members.ts'
import { emptyFold } from '../../functions/log/fold.ts'
import { nextCommit } from '../../functions/log/next-commit.ts'
import { type Bounds, bytesOf, filled, largestOf, names, people, record, worstOf } from './worst.ts'

/** Names of people that all have as many bytes as they may, together as many as are taken. */
const approvers = filled(bytesOfApprovers, (count) =>
  Array.from({ length: count }, (_, place) => `${place}`.padStart(256, '三')),
)

/** A deploy that asks for as much as one may: what the log says at greater length than it was asked, and names up to what is taken. */
const asked: Deployment = largestOf(
  (ids) =>
    deployment.safeParse({
      ...{ component: 'n'.repeat(128), version: '1'.repeat(128), strategy: 'percentages' },
      percentages: Array.from({ length: 20 }, (_, place) => ({ percent: (place + 1) * 5 })),
      gate: { successRatePercent: 99.99999999999999, action: 'rollback' },
      ...{ approvals: { required: 10, approvers }, reason: people(512), calendars: names(10) },
      metrics: [
        {
          name: people(64),
          thresholds: { url: `https://${people(700)}`, headers: { 'X-Key': 'k'.repeat(400) } },
        },
        { name: 'another', prometheus: { url: 'https://p.example', query: '"'.repeat(100) }, atMost: 1 },
      ],
      window: { start: '2026-12-30T00:00:00.000Z', end: '2026-12-31T00:00:00.000Z' },
      targets: { ids: names(ids * 10) },
    }).data,
)
const request: UpgradeRequest = {
  ...requestFrom(asked, people(256)),
  procedure: { name: 'n'.repeat(24), revision: 9_999_999, hash: 'a'.repeat(64) },
  judged: '1'.repeat(128),
}

/** What a child keeps of it, with all that it may be told beside. */
const { metrics: _, percentages: __, ...kept } = request
const child: UpgradeRequest = {
  ...{ ...kept, kind: 'rollback', parent: 'n'.repeat(128), toWithdrawn: people(512), skippedToo: true },
  selection: { targets: names(1), types: null, regions: null, tags: null, canaries: [] },
}

const editors = editorsBeside(
  {
    editors: Array.from({ length: 100 }, (_, place) => ({
      by: `${place}`.padStart(256, '三'),
      at: '2026-01-05T10:00:00.000Z',
    })),
  },
  'somebody',
).editors

/** A profile of as many phases, regions and people as it may have. */
const definition = largestOf((regions) => {
  const phase = (place: number) => ({
    ...{ name: `${place}`.padStart(128, '三'), component: 'n'.repeat(128), regions: names(regions) },
  })
  const read = validateDefinition({
    ...{ name: people(128), description: people(1024) },
    schedule: {
      ...{ cron_expression: '0 2 * * 0', timezone: 'UTC', maintenance_window_hours: 24 },
      calendars: Array.from({ length: 10 }, (_, place) => `${place}`.padStart(128, '三')),
    },
    upgrade_settings: {
      ...{ target_version: 'stable', pre_upgrade_checks: true, rollback_on_failure: true },
      ...{ parallel_upgrades: 10, procedure: 'p' },
    },
    resource_filters: { resource_types: ['publisher'], regions: names(20) },
    approvals: { required: 5, approvers },
    rollout: { phases: Array.from({ length: 3 }, (_, place) => phase(place)) },
  })
  return 'definition' in read ? read.definition : undefined
})

const saved = filled(16 * 1024, (count) => record(count, 's'.repeat(1024)))
const failed: Measured = { region: null, acceptance: 1, work: 1 }
const tally = tallyOf(
  names(100).map((name, place) => ({
    ...{ outcome: 'failed', code: name },
    measured: { ...failed, region: `${place % 16}`.padStart(128, 'n') },
  })),
)
const warnings = names(50).map((value, place) => ({
  ...{ code: 'no_such_region', detail: `None of the targets named is in the region ${value}.` },
  ...{ field: `targets.regions.${place}`, value },
}))
const reasons = Object.keys(leftOutPhrases)
const counts = Object.fromEntries(reasons.map((reason) => [reason, 9_999_999]))
const longestReason = reasons.reduce((left, right) => (right.length > left.length ? right : left))
const leftOut = {
  counts,
  first: names(100).map((target) => ({ target, reason: longestReason })),
}
const planned = (place: string): Bounds => ({
  ...{ [`${place}waves`]: { kind: 'cuts', cuts: Array.from({ length: 2000 }, () => 9_999_999) } },
  ...{ [`${place}droppedWaves`]: 20, [`${place}leftOut`]: counts },
})
const ranges = Array.from({ length: rangesPerEvent }, () => [1_000_000, 1_000_001])
const again = ranges.map(([from, to]) => [from, to, 500])
const calendars = Array.from({ length: 10 }, (_, place) => `${place}`.padStart(128, '三'))
const scopes = { components: 100, channels: 100 }
const facts = {
  'facts.tags': filled(24_000, (count) => record(count, people(256))),
  'facts.environment': record(20, people(128)),
}
const licence = { 'licence.components': 100, 'licence.channels': 100 }

interface Worst<Event extends DomainEvent> {
  readonly events: Pick<Aggregate<unknown, Event>, 'decode' | 'encode'> & {
    readonly shapes: { readonly [Type in Event['type']]: { readonly schema: Parameters<typeof worstOf>[0] } }
  }
  /** What bounds each type beside its schema. */
  readonly bounds: Readonly<Record<Event['type'], Bounds>>
}

const none: Bounds = {}

const target: Worst<TargetEvent> = {
  events: targetEvents,
  bounds: {
    TargetRegistered: { ...facts, components: 50 },
    TargetPatched: facts,
    ...{ TargetPinned: none, TargetUnpinned: none, TargetRetired: none, EnrolmentIssued: none },
    ...{ AgentEnrolled: none, TargetCloned: none, VersionReported: none, DriftFound: none },
    ...{ ProfileJoined: none, ProfileLeft: none },
    EnvironmentReported: { environment: record(20, people(128)) },
    LicenceHeld: licence,
    AttemptAssigned: { calendars },
    ...{ AttemptAccepted: none, ExecutionStarting: none, ExecutionEnded: none },
    ...{ StepStarted: none, StepTried: none, StepHeld: none, StepReleased: none },
    StepEnded: { saved },
    WayBackBegan: { steps: 40, saved: { step: saved } },
    AttemptEnded: { 'measured.steps': 40 },
    ...{ AttemptRegressed: none, AttemptRecovered: none },
  },
}

const upgrade: Worst<UpgradeEvent> = {
  events: upgradeEvents,
  bounds: {
    UpgradeRequested: { request, rollout: { id: 'n'.repeat(128), phase: 49 } },
    UpgradePlanned: { ...planned(''), 'told.warnings': warnings },
    ...{ PlanningFailed: none, ApprovalGiven: none, ApprovalsDemanded: none, ApprovalsVoided: none },
    ApprovalAwaited: { approvers },
    ...{ UpgradeRejected: none, UpgradeExpired: none, ExecutionStarting: none, ExecutionEnded: none },
    WaveStarted: none,
    TargetsAdmitted: { members: 0, retried: 0, readmitted: again },
    ShareKept: none,
    OutcomesRecorded: { outcomes: 100, due: 100, tally },
    AttemptsTallied: { tally },
    MembersRegressed: { members: 256 },
    DeadlinePassed: { members: ranges },
    DeadlineMoved: none,
    MembersSkipped: { members: ranges },
    RetriesGivenUp: { members: ranges },
    ...{ ThresholdBreached: none, WaveEnded: none, BakeStarted: none, MeasurementTaken: none },
    ...{ BakeEnded: none, GateEvaluated: none, ContinueAwaited: none, ContinueGiven: none },
    ...{ HoldPlaced: none, HoldLifted: none, FreezeOverridden: none, WindowSet: none },
    CalendarsBound: { calendars },
    ...{ UpgradePaused: none, UpgradeResumed: none, AbortRequested: none },
    ChildRequested: { request: child, leftOut, 'rollout.approvedBy': 10 },
    ...{ UpgradeAborted: none, UpgradeCompleted: none, WakeUpMoved: none },
  },
}

const plan: Worst<PlanEvent> = {
  events: planEvents,
  bounds: {
    PlanChunkStored: {
      ...{ versions: 30, digests: 30 },
      members: names(membersPerChunk).map((name) => [name, 29, 29]),
    },
  },
}

const component: Worst<ComponentEvent> = {
  events: componentEvents,
  bounds: {
    ...{ SchemeSet: none, ReleaseNumbered: none, CounterRaised: none },
    LicensingSet: { channels: 100 },
  },
}

const signature = { 'signatures[].signature': 'a'.repeat(1024) }

const release: Worst<ReleaseEvent> = {
  events: releaseEvents,
  bounds: {
    ReleaseRegistered: { notes: people(2048) },
    ManifestSigned: { manifest: '"'.repeat(21_999), ...signature },
    SignaturesAdded: signature,
    ...{ ReleasePromoted: none, ReleaseBlocked: none, ReleaseUnblocked: none },
    ReleaseWithdrawn: { reason: people(512) },
    ...{ ReleaseHeldBack: none, ReleaseTested: none, VerdictPosted: none, ReleaseFreed: none },
  },
}

const trust: Worst<TrustEvent> = {
  events: trustEvents,
  bounds: {
    ...{ KeyRegistered: { ...scopes, publicKey: 'a'.repeat(256) }, KeyRevoked: none },
    CertificateRegistered: {
      ...{ ...scopes, certificate: 'a'.repeat(12_000), 'keys[].publicKey': 'a'.repeat(1024) },
    },
    ThresholdsSet: { components: 200 },
  },
}

const licences: Worst<LicenceEvent> = {
  events: licenceEvents,
  bounds: { LicenceDefined: scopes, LicenceRevoked: none },
}

const policy: Worst<PolicyEvent> = {
  events: policyEvents,
  bounds: {
    ...{ FreezePlaced: none, FreezeLifted: none, UnsignedReleasesJudged: none, CalendarDeleted: none },
    CalendarDefined: {
      definition: filled(60_000, (count) => ({
        kind: 'ranges',
        ranges: names(count).map((name) => ({
          ...{ start: '2026-12-30T00:00:00.000Z', end: '2026-12-31T00:00:00.000Z', name },
        })),
      })),
    },
  },
}

const selector = { types: null, regions: null, environments: null, tags: null }
const document = filled(
  4000,
  (count): PolicyDocument => ({
    ...{ description: people(512), selector: { ...selector, components: null }, approvals: null },
    ...{ blockedVersions: names(count, 32), allowedChannels: null, testing: null, complianceChecks: [] },
    ...{ freezes: [], parallel: null },
  }),
)

const rules: Worst<RuleEvent> = {
  events: ruleEvents,
  bounds: { PolicyDefined: { document }, PolicyWithdrawn: none },
}

const destination = filled(
  6000,
  (count): DestinationDocument => ({
    ...{
      kind: 'email',
      description: people(512),
      events: null,
      severity: 'warning',
      components: names(count, 32),
    },
    ...{ regions: null, quietHours: null, from: 'ops@example.com', to: ['ops@example.com'] },
  }),
)

const destinations: Worst<DestinationEvent> = {
  events: destinationEvents,
  bounds: { DestinationDefined: { document: destination }, DestinationRemoved: none },
}

const budget: Worst<BudgetEvent> = {
  events: budgetEvents,
  bounds: { ShareAwaited: none, ShareGranted: none, ShareReturned: none },
}

const memberships: Worst<MembershipEvent> = {
  events: membershipEvents,
  bounds: {
    MembershipsRequested: none,
    MembershipsListed: { memberships: membershipsPerChunk },
    MembershipsMade: { already: 0, failed: membershipsPerChunk, 'failed[].detail': 'd'.repeat(256) },
  },
}

const profile: Worst<ProfileEvent> = {
  events: profileEvents,
  bounds: {
    ProfileCreated: { definition },
    ProfileUpdated: { parts: definition, changes: 40 },
    ...{ ProfileActivated: none, ProfileDeactivated: none, WindowOpened: none, WindowSkipped: none },
    ProfileDeleted: { cancelled: 21 },
    WindowPlanned: { upgrades: 20, editors: editors ?? [] },
    PlanVoided: { upgrades: 20 },
    ExecutionStarted: { editors: editors ?? [] },
    UpgradeSummarised: { failures: 101 },
    AlertRaised: none,
  },
}

const rollout: Worst<RolloutEvent> = {
  events: rolloutEvents,
  bounds: {
    RolloutRequested: {
      ...{ 'request.approvals.approvers': approvers, 'request.authors': editors ?? [] },
      'request.monitor.domains[].url': `https://${people(504)}`,
      'request.monitor.domains[].status': 20,
    },
    PhaseDeclared: { 'declaration.dependsOn': 50, 'declaration.does': { kind: 'deploy', request } },
    PhasePlanned: planned('plan.'),
    RolloutPlanned: { 'exposure.phases': 50 },
    ApprovalAwaited: { approvers },
    ...{ PlanningFailed: none, ApprovalGiven: none, RolloutRejected: none, RolloutExpired: none },
    ...{ ExecutionStarting: none, ExecutionEnded: none, PhaseSkipped: none, PhaseStarted: none },
    ...{ PhaseEnded: none, PhaseOvertaken: none, PhaseAccepted: none, WindowMoved: none },
    ...{ RolloutPaused: none, RolloutResumed: none, AbortRequested: none },
    ChildRequested: { phases: 50 },
    ...{ RolloutAborted: none, RolloutCompleted: none, WakeUpMoved: none },
  },
}

const procedure: Worst<ProcedureEvent> = {
  events: procedureEvents,
  bounds: {
    ProcedureRevised: {
      document: filled(largestProcedure, (characters) =>
        procedureDocument.parse({
          steps: Array.from({ length: 4 }, (_, place) => ({
            ...{ id: `s${place}`, name: 'a step', inverse: 'none' },
            http: { request: { url: 'https://x.example', body: '"'.repeat(characters * 100) } },
          })),
        }),
      ),
    },
    ...{ MachineMade: none, MachineRemoved: none },
  },
}

/** Returns the first commit of a stream that holds events as they are, whatever they come to in a state. */
function written<Event extends DomainEvent>({ events }: Worst<Event>, ...told: readonly Event[]) {
  const { decode, encode } = events
  const bare: Aggregate<object, Event> = {
    ...{ name: 'profile', stateSchema: 1, initial: {}, decode, encode },
    evolve: (state) => state,
  }
  const metadata = { actor: people(256), correlation: 'n'.repeat(128), commitId: 'n'.repeat(36) }
  return nextCommit(bare, 'n'.repeat(128), emptyFold(bare), told, metadata, '2026-01-05T10:00:00.000Z').commit
}

const registries = {
  ...{ target, upgrade, plan, component, release, trust, licences, policy, rules, destinations, budget },
  ...{ memberships, profile, rollout, procedure },
}

describe.each(Object.entries(registries))('the largest events of %s', (_name, worst) => {
  it.each(Object.keys(worst.bounds))('%s fits into the log, and is read from it', (type) => {
    const { events, bounds } = worst as Worst<DomainEvent> // of whichever registry
    const { schema } = events.shapes[type] ?? expect.fail('no such event')
    const data = worstOf(schema, bounds[type] ?? none)
    expect(written(worst as Worst<DomainEvent>, { type, data }).events).toHaveLength(1)
  })
})

it('whatever describes events is tried', () => {
  const folder = new URL('../../events/', import.meta.url)
  const described = readdirSync(folder).filter((file) =>
    /^export const \w+ = defineEvents\(/m.test(readFileSync(new URL(file, folder), 'utf8')),
  )
  expect(described).toHaveLength(Object.keys(registries).length)
})

it.each([4, 50])(
  'a rollout of %i phases fits into one commit, with as much of them as is taken',
  (phases) => {
    const { metrics: _, percentages: __, ...small } = request
    const declared = filled(largestPhases, (ids) =>
      Array.from({ length: phases }, () => ({
        ...{ name: people(64), dependsOn: [], pauseSeconds: 2_592_000, exceptions: 'accept' as const },
        does: {
          kind: 'deploy' as const,
          request: {
            ...{ ...small, reason: null, calendars: [], approvals: { ...small.approvals, approvers: null } },
            selection: { ...small.selection, targets: names(ids * 3) },
          },
        },
      })),
    )
    const { schema } = rolloutEvents.shapes.PhasePlanned
    const plans = largestOf((cuts) => {
      const waves = { kind: 'cuts', cuts: Array.from({ length: cuts * 10 }, () => 9_999_999) }
      const bounds = { ...planned('plan.'), 'plan.waves': waves, 'plan.droppedWaves': 0, 'plan.leftOut': {} }
      const { plan } = schema.parse(worstOf(schema, { ...bounds, 'plan.entries': 0 }))
      const all = new Map(declared.map((_, number) => [number, plan]))
      return refusePlans(all) ? undefined : all
    })
    const of = (type: 'RolloutRequested' | 'RolloutPlanned' | 'ApprovalAwaited') =>
      rolloutEvents.decode(type, 1, worstOf(rolloutEvents.shapes[type].schema, rollout.bounds[type]))
    const told: RolloutEvent[] = [
      of('RolloutRequested'),
      ...declared.map((declaration, phase) => ({
        ...{ type: 'PhaseDeclared' as const, data: { phase, declaration } },
      })),
      ...[...plans].map(([phase, plan]) => ({ type: 'PhasePlanned' as const, data: { phase, plan } })),
      ...[of('RolloutPlanned'), of('ApprovalAwaited')],
    ]
    expect(bytesOf(told)).toBeGreaterThan(240_000)
    expect(written(rollout, ...told).events).toHaveLength(2 * phases + 3)
  },
)

/** Returns the fifteenth commit of a stream of so many events, which has the snapshot of all of them. */
function withAll<State, Event extends DomainEvent>(
  aggregate: Aggregate<State, Event>,
  events: readonly Event[],
) {
  const metadata = { actor: people(256), correlation: 'n'.repeat(128), commitId: 'n'.repeat(36) }
  let fold = emptyFold(aggregate)
  let snapshot: object | undefined
  for (const event of events) {
    const next = nextCommit(aggregate, 'all', fold, [event], metadata, '2026-01-05T10:00:00.000Z')
    fold = next.fold
    snapshot = next.commit.snapshot ?? snapshot
  }
  return { bytes: bytesOf(fold.state), snapshot }
}

it('all policies, and all destinations, fit into the snapshot of their stream', () => {
  const policies = withAll(
    rulesAggregate,
    names(50).map((name) => ({ type: 'PolicyDefined', data: { name, document } })),
  )
  const places = withAll(
    destinationsAggregate,
    names(30).map((name) => ({ type: 'DestinationDefined', data: { name, document: destination } })),
  )
  for (const { bytes, snapshot } of [policies, places]) {
    expect(bytes).toBeGreaterThan(170_000)
    expect(snapshot).toBeDefined()
  }
})

it('the largest request is nearly as much as is taken, and a child of it has room for all that it is told', () => {
  expect(bytesOf(asked)).toBeGreaterThan(47_500)
  expect(bytesOf(request)).toBeGreaterThan(bytesOf(asked))
})
