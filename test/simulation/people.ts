import type { PolicyDocument } from '../../events/rules.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import type { Aggregate, Decision, DomainEvent } from '../../functions/domain/aggregate.ts'
import {
  freezePolicy,
  liftFreeze,
  placeFreeze,
  policyAggregate,
} from '../../functions/domain/policy/policy.ts'
import { profileAggregate } from '../../functions/domain/profile/aggregate.ts'
import type { Rejection } from '../../functions/domain/rejection.ts'
import { postVerdict } from '../../functions/domain/release/proofs.ts'
import { releaseAggregate, withdrawRelease } from '../../functions/domain/release/release.ts'
import {
  definePolicy,
  rulesAggregate,
  upgradeRules,
  withdrawPolicy,
} from '../../functions/domain/rules/rules.ts'
import { awaitsApproval } from '../../functions/domain/standing.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import {
  patchTarget,
  pinTarget,
  retireTarget,
  unpinTarget,
} from '../../functions/domain/target/registration.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { approveUpgrade, rejectUpgrade } from '../../functions/domain/upgrade/approval.ts'
import {
  type Acknowledgement,
  abortUpgrade,
  continueUpgrade,
  pauseUpgrade,
  resumeUpgrade,
  skipMember,
} from '../../functions/domain/upgrade/control.ts'
import type { UpgradeDecision } from '../../functions/domain/upgrade/draft.ts'
import { holdOf } from '../../functions/domain/upgrade/hold.ts'
import { requestUpgrade } from '../../functions/domain/upgrade/request.ts'
import {
  type ExistingUpgrade,
  exists,
  hasEnded,
  isPlanned,
  type PlannedUpgrade,
  planOf,
  type UpgradeState,
} from '../../functions/domain/upgrade/state.ts'
import type { Window } from '../../functions/domain/window.ts'
import { admissionFacts } from '../../functions/facts/admission.ts'
import { familyOf } from '../../functions/facts/family.ts'
import type { Outcome } from '../../functions/log/log.ts'
import { startChild } from '../../functions/planning/children.ts'
import { writePlan } from '../../functions/planning/planning.ts'
import { documentOf, everyUpgrade } from '../domain/rules/documents.ts'
import { type Fleet, someRequest } from './fleet.ts'
import type { Services, World } from './world.ts'

/** What a person was answered, to be held against the log in the end (I8). */
export interface Answered {
  readonly stream: string
  readonly correlation: string
  readonly kind: Outcome<unknown, unknown, unknown>['kind']
  readonly commit: number | null
}

/** What people do while things go wrong, and how likely. */
const deeds = {
  approve: 14,
  continue: 12,
  resume: 10,
  pause: 14,
  abort: 2,
  'roll back': 5,
  'roll back one': 2,
  'retry failed': 5,
  skip: 5,
  stop: 1,
  'stop behind the views': 2,
  'lift the stop': 4,
  'withdraw a release': 0.6,
  'define a policy': 3,
  'withdraw a policy': 4,
  'post a verdict': 2,
  pin: 2,
  unpin: 2,
  retire: 0.7,
  'stop an execution': 6,
  reject: 0.4,
  'move the window': 8,
  'move a target': 2,
} as const

const everybody = ['alice', 'bob', 'carol', 'dave'] as const

/** What somebody acknowledges who has seen everything that failed. */
function seenIn(state: UpgradeState): { readonly acknowledge?: Acknowledgement } {
  if (!exists(state)) return {}
  const { failed, unreachable } = state.standing.counts
  return { acknowledge: { failed, unreachable } }
}

/** The people around the system: they ask for upgrades and interfere with them. */
export class People {
  readonly answers: Answered[] = []
  readonly #world: World
  readonly fleet: Fleet
  #said = 0
  #asked = 0
  #unseen = 0

  constructor(world: World, fleet: Fleet) {
    this.#world = world
    this.fleet = fleet
  }

  /** Sends a command and keeps the answer. */
  async say<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    id: string,
    decide: (state: State, now: string) => Decision<Event, Rejection>,
    actor: string,
  ): Promise<Outcome<State, Event, Rejection>['kind']> {
    const correlation = `person-${++this.#said}`
    const { log } = this.#world.services()
    // With a key even what changes nothing is kept: in a commit without events.
    const keyed = this.#world.random.chance(0.3) && { idempotency: { key: correlation, hash: correlation } }
    const metadata = { actor, correlation, ...keyed }
    const outcome = await log.execute(aggregate, id, decide, metadata, { retryFor: 5000 })
    const commit = outcome.kind === 'committed' ? outcome.loaded.commit : null
    this.answers.push({ stream: `${aggregate.name}#${id}`, correlation, kind: outcome.kind, commit })
    return outcome.kind
  }

  /** Asks for an upgrade; every second one is planned before it is answered, the others by their execution. */
  async request(id: string, request: UpgradeRequest): Promise<void> {
    const kind = await this.say(upgradeAggregate, id, requestUpgrade({ request, by: 'alice' }), 'alice')
    if (kind === 'committed' && this.#world.random.chance(0.5)) await writePlan(this.#world.services(), id)
  }

  /** Interferes now and then, as long as things go wrong. */
  interfere(): void {
    const { clock, random, faults } = this.#world
    clock.after(random.between(10, 500), () => {
      if (!faults.on) return
      this.#world.begin('person', () => this.#interfereOnce())
      this.interfere()
    })
  }

  async #interfereOnce(): Promise<void> {
    const { random, upgrades } = this.#world
    const by = random.pick(everybody)
    const deed = random.weighted(deeds)
    const [first, ...others] = upgrades
    if (first === undefined) return
    const upgrade = random.pick([first, ...others])
    const services = this.#world.services()
    const { state } = await services.log.load(upgradeAggregate, upgrade)
    await this.#do(deed, by, upgrade, state, services)
  }

  async #do(
    deed: keyof typeof deeds,
    by: string,
    upgrade: string,
    state: UpgradeState,
    services: Services,
  ): Promise<unknown> {
    const { random, machine } = this.#world
    const facts = () => admissionFacts(services, upgrade, state)
    switch (deed) {
      case 'approve': {
        const planHash = planOf(state)?.planHash ?? 'none'
        // Some do not look at the window, which somebody may have moved.
        const seen = exists(state) && random.chance(0.8) ? { window: state.window } : {}
        const approval = { by, planHash, comment: null, ...seen }
        return this.say(upgradeAggregate, upgrade, approveUpgrade(approval, await facts()), by)
      }
      case 'reject':
        return this.say(upgradeAggregate, upgrade, rejectUpgrade({ by, reason: 'not today' }), by)
      case 'continue':
        return this.say(upgradeAggregate, upgrade, continueUpgrade({ by }, await facts()), by)
      case 'pause':
        return this.say(upgradeAggregate, upgrade, pauseUpgrade({ by, reason: 'to look' }), by)
      case 'resume':
        return this.say(
          upgradeAggregate,
          upgrade,
          resumeUpgrade({ by, ...this.#seen(state) }, await facts()),
          by,
        )
      case 'move the window':
        return this.#moveWindow(upgrade, by, services, state, this.#otherWindow(state))
      case 'abort': {
        const command = { by, reason: 'enough', rollBack: random.chance(0.5) }
        return this.say(upgradeAggregate, upgrade, abortUpgrade(command), by)
      }
      case 'skip': {
        const member = random.between(0, Math.max(0, (planOf(state)?.members ?? 1) - 1))
        return this.say(upgradeAggregate, upgrade, skipMember({ member, by }, await facts()), by)
      }
      case 'roll back':
        return this.#rollBack(upgrade, by, services)
      case 'roll back one':
        return this.#rollBackOne(upgrade, by, services)
      case 'retry failed': {
        const settings = random.chance(0.3) ? { skippedToo: true as const } : {}
        const asked = { kind: 'retry', parent: upgrade, by, settings, child: this.#newChild() } as const
        return startChild(services, asked, `retry-${upgrade}`)
      }
      case 'stop':
        return this.say(policyAggregate, freezePolicy, placeFreeze({ reason: 'incident', by }), by)
      case 'stop behind the views':
        return this.#stopBehindTheViews(by)
      case 'lift the stop':
        return this.#liftStops(by, services)
      case 'withdraw a release':
        return this.say(
          releaseAggregate,
          random.pick(this.fleet.releases),
          withdrawRelease({ reason: 'corrupts data' }),
          by,
        )
      case 'define a policy':
        return this.#definePolicy(by)
      case 'withdraw a policy':
        return this.#withdrawPolicies(by, services)
      case 'post a verdict': {
        const evidence = { url: 'https://ci.example.com/1', sha256: null }
        const verdict = { check: 'scan', passed: random.chance(0.7), evidence, reason: null, by }
        return this.say(releaseAggregate, random.pick(this.fleet.releases), postVerdict(verdict), by)
      }
      case 'pin': {
        const pin = { component: random.chance(0.5) ? 'api' : null, reason: 'audit season' }
        return this.say(targetAggregate, random.pick(this.fleet.targets), pinTarget(pin), by)
      }
      case 'unpin':
        return this.say(targetAggregate, random.pick(this.fleet.targets), unpinTarget(), by)
      case 'retire': {
        const retirement = { reason: 'scrapped', force: random.chance(0.5) }
        return this.say(targetAggregate, random.pick(this.fleet.targets), retireTarget(retirement), by)
      }
      case 'move a target': {
        const facts = random.pick([{ region: random.pick(['eu', 'us']) }, { tags: { ring: 'outer' } }])
        return this.say(targetAggregate, random.pick(this.fleet.targets), patchTarget(facts), by)
      }
      case 'stop an execution': {
        const [first, ...others] = machine.running()
        if (first !== undefined) machine.stopByHand(random.pick([first, ...others]))
      }
    }
  }

  /** As the interface does: what is at work in the family is aborted and takes itself back; else it is taken back at once, some ask twice. */
  async #rollBack(upgrade: string, by: string, services: Services): Promise<void> {
    const { random } = this.#world
    const glass = random.chance(0.3) ? { breakGlass: 'it loses orders' } : {}
    const settings = {
      ...(random.chance(0.3) && { toWithdrawn: 'the lesser evil' }),
      ...(random.chance(0.3) && { parallel: 1 }),
    }
    const family = await familyOf(services.log, upgrade)
    const live = family?.tries.filter(({ state }) => !hasEnded(state)) ?? []
    const rollback = { child: this.#newChild(), settings }
    for (const { id } of live) {
      const abort = { by, reason: 'back', rollBack: true, rollback, ...glass }
      await this.say(upgradeAggregate, id, abortUpgrade(abort), by)
    }
    if (live.length > 0) return
    const asked = { kind: 'rollback', parent: upgrade, by, settings, ...glass } as const
    for (let times = random.pick([1, 1, 2]); times > 0; times--)
      await startChild(services, { ...asked, child: this.#newChild() }, `rollback-${upgrade}`)
  }

  /** Names follow from the seed. */
  #newChild(): string {
    return `child-${++this.#asked}-of-${[...this.#world.upgrades][0] ?? ''}`
  }

  async #rollBackOne(upgrade: string, by: string, services: Services): Promise<void> {
    const target = this.#world.random.pick(this.fleet.targets)
    const { state } = await services.log.load(targetAggregate, target)
    if (state.active) return
    const asked = { kind: 'rollback', parent: upgrade, by, target, child: this.#newChild() } as const
    await startChild(services, asked, `rollback-${upgrade}`)
  }

  /** From now on, for two days. */
  #wideWindow(): Window {
    const now = this.#world.clock.now()
    return { start: new Date(now).toISOString(), end: new Date(now + 2 * 86_400_000).toISOString() }
  }

  /** Now, later, or a part of what it has, which is approved already. */
  #otherWindow(state: UpgradeState): Window {
    const { random } = this.#world
    const { start, end } = (exists(state) && state.window) || this.#wideWindow()
    const moved = (instant: string, hours: number) =>
      new Date(Date.parse(instant) + hours * 3_600_000).toISOString()
    const middle = new Date((Date.parse(start) + Date.parse(end)) / 2).toISOString()
    return random.pick([
      this.#wideWindow(),
      { start, end: moved(end, 2) },
      { start: moved(start, 1), end: moved(end, 1) },
      { start, end: middle },
      { start: middle, end },
    ])
  }

  #moveWindow(
    upgrade: string,
    by: string,
    services: Services,
    state: UpgradeState,
    window = this.#wideWindow(),
  ) {
    return admissionFacts(services, upgrade, state).then((facts) =>
      this.say(upgradeAggregate, upgrade, resumeUpgrade({ by, window, ...seenIn(state) }, facts), by),
    )
  }

  /** Some look at what has failed before they resume, some do not, and what some saw is out of date. */
  #seen(state: UpgradeState) {
    const { acknowledge } = seenIn(state)
    if (this.#world.random.chance(0.3) || !acknowledge) return {}
    return { acknowledge: this.#world.random.chance(0.8) ? acknowledge : { ...acknowledge, failed: 0 } }
  }

  /** Everything is stopped just after somebody has asked for an upgrade that no view shows yet, nor will for a while. */
  async #stopBehindTheViews(by: string): Promise<void> {
    const { random, clock } = this.#world
    this.#world.stopProjecting()
    const stop = () => this.say(policyAggregate, freezePolicy, placeFreeze({ reason: 'incident', by }), by)
    clock.after(random.between(20, 240), () => this.#world.begin('person', stop))
    await this.request(`unseen-${++this.#unseen}`, someRequest(random, this.fleet, clock.now()))
  }

  /** Everybody else's stops are lifted, too. */
  async #liftStops(by: string, { log }: Services): Promise<void> {
    for (const { id: stop } of (await log.load(policyAggregate, freezePolicy)).state.stops)
      await this.say(policyAggregate, freezePolicy, liftFreeze({ stop, reason: 'over' }), by)
  }

  /** What binds everything, or one region alone; nobody but those who are named approves. */
  #definePolicy(by: string) {
    const { random } = this.#world
    const approvers = random.pick([null, ['bob', 'carol']])
    const together = { atOnce: random.between(1, 3), perHour: random.pick([null, 3]) }
    const document = documentOf({
      ...(random.chance(0.3) && { selector: { ...everyUpgrade, regions: ['eu'] } }),
      // One that forbids what is rolled out shares nothing.
      ...random.pick<Partial<PolicyDocument>>([
        { together },
        { together },
        { together },
        { blockedVersions: [random.pick(this.fleet.releases).split('@')[1] ?? ''] },
        { parallel: random.between(1, 3), together },
        {
          approvals: {
            required: random.between(1, 2),
            approvers,
            role: 'approver',
            expiresInSeconds: 86_400,
          },
        },
        { complianceChecks: ['scan'] },
        { allowedChannels: ['nightly'] },
      ]),
    })
    const name = random.pick(['production', 'security', 'europe'])
    return this.say(rulesAggregate, upgradeRules, definePolicy({ name, document }), by)
  }

  async #withdrawPolicies(by: string, { log }: Services): Promise<void> {
    const { policies } = (await log.load(rulesAggregate, upgradeRules)).state
    for (const { name, withdrawn } of policies)
      if (!withdrawn)
        await this.say(rulesAggregate, upgradeRules, withdrawPolicy({ name, reason: 'over' }), by)
  }

  /** What people do who want everything to come to an end: lift, approve, continue and resume; abort what cannot go on. */
  async care(): Promise<void> {
    const services = this.#world.services()
    await this.#liftStops('bob', services)
    await this.#withdrawPolicies('bob', services)
    for (const upgrade of this.#world.upgrades) {
      const { state } = await services.log.load(upgradeAggregate, upgrade)
      if (!exists(state) || hasEnded(state)) continue
      const facts = await admissionFacts(services, upgrade, state)
      const { status, holds } = state.standing
      if (status === 'paused' && facts.releaseWithdrawn !== null) {
        const command = { by: 'bob', reason: 'withdrawn', rollBack: false }
        await this.say(upgradeAggregate, upgrade, abortUpgrade(command), 'bob')
      } else if (status === 'paused') {
        const resume = resumeUpgrade({ by: 'bob', ...seenIn(state) }, facts)
        await this.#orInNewWindow(upgrade, services, state, resume)
      } else if (isPlanned(state) && awaitsApproval(state)) {
        await this.#approve(upgrade, state, services)
      } else if (state.stage === 'between-waves' && state.awaits?.kind === 'continue') {
        await this.#orInNewWindow(upgrade, services, state, continueUpgrade({ by: 'bob' }, facts))
      } else if (holdOf(holds, 'WINDOW_CLOSED') && !(await this.#reopens(state))) {
        await this.#moveWindow(upgrade, 'dave', services, state)
      }
    }
  }

  /** Nobody approves what they asked for, or the window that they have set; where its window has no room, it gets another first. */
  async #approve(upgrade: string, { plan, window }: PlannedUpgrade, services: Services): Promise<void> {
    const facts = await admissionFacts(services, upgrade, await this.#stateOf(upgrade))
    const kinds = []
    for (const by of ['bob', 'carol', 'dave'] as const) {
      const approval = { by, planHash: plan.planHash, window, comment: null }
      kinds.push(await this.say(upgradeAggregate, upgrade, approveUpgrade(approval, facts), by))
    }
    if (kinds.every((kind) => kind === 'rejected'))
      await this.#moveWindow(upgrade, 'dave', services, await this.#stateOf(upgrade))
  }

  async #stateOf(upgrade: string): Promise<UpgradeState> {
    return (await this.#world.services().log.load(upgradeAggregate, upgrade)).state
  }

  /** Says what lets an upgrade go on; where its window has no room for that, the answer is another window. */
  async #orInNewWindow(upgrade: string, services: Services, state: UpgradeState, decision: UpgradeDecision) {
    const kind = await this.say(upgradeAggregate, upgrade, decision, 'bob')
    if (kind === 'rejected') await this.#moveWindow(upgrade, 'dave', services, state)
  }

  /** Will a profile open another window for it? */
  async #reopens({ request }: ExistingUpgrade): Promise<boolean> {
    const { profile } = request.selection
    if (profile === undefined || request.kind !== 'deploy') return false
    return (await this.#world.services().log.load(profileAggregate, profile)).state.status === 'active'
  }
}
