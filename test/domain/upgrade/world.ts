import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import type { AdmissionFacts } from '../../../functions/domain/upgrade/admission.ts'
import { membersInFlight } from '../../../functions/domain/upgrade/chunks.ts'
import type { UpgradeDecision } from '../../../functions/domain/upgrade/draft.ts'
import { evolve } from '../../../functions/domain/upgrade/evolve.ts'
import { startWave } from '../../../functions/domain/upgrade/execution.ts'
import { type ReportedOutcome, recordOutcomes } from '../../../functions/domain/upgrade/outcomes.ts'
import { position } from '../../../functions/domain/upgrade/position.ts'
import { recordPlan, requestUpgrade } from '../../../functions/domain/upgrade/request.ts'
import type { Standing } from '../../../functions/domain/upgrade/standing.ts'
import {
  type AcceptedPlan,
  planOf as acceptedPlan,
  type ExistingUpgrade,
  exists,
  hasBegun,
  initialUpgrade,
  isPlanned,
  type UpgradeState,
} from '../../../functions/domain/upgrade/state.ts'

/** The instant at which a world begins. */
export const start = '2026-03-01T12:00:00.000Z'

/** A request with every default, as the API fills them in. */
export function requestOf(changes: Partial<UpgradeRequest> = {}): UpgradeRequest {
  return {
    kind: 'deploy',
    parent: null,
    component: 'api',
    version: 'v1.2.0',
    strategy: 'all',
    canaryPercent: null,
    batchSize: null,
    selection: { targets: null, types: null, regions: null, tags: null, canaries: [] },
    parallel: 10_000,
    failures: { percent: 10, absolute: null, action: 'pause' },
    unreachable: { percent: 10, absolute: null },
    budget: null,
    approvals: { required: 0, approvers: null, expiresInSeconds: 86_400 },
    continueByHand: false,
    continueBySecondPerson: false,
    window: null,
    bakeSeconds: 0,
    gate: null,
    retry: { attempts: 0, delaySeconds: 60 },
    calendars: [],
    deadlines: { accept: 600, attempt: 3600, expected: 300, continue: 604_800, linger: 604_800 },
    breakGlass: false,
    reason: null,
    ...changes,
  }
}

/** A plan of so many members whose waves end at the cuts; one wave where none is given. */
export function planOf(members: number, cuts: readonly number[] = [members]): AcceptedPlan {
  return {
    planHash: 'a1',
    version: 'v1.2.0',
    digest: 'sha256:1',
    members,
    waves: { kind: 'cuts', cuts: [...cuts] },
    droppedWaves: [],
    leftOut: {},
    policyVersion: 0,
    releaseVersion: 1,
  }
}

/** Returns an upgrade that has been asked for; throws for one that has not. */
export function existing(state: UpgradeState): ExistingUpgrade {
  if (!exists(state)) throw new Error('Nobody has asked for this upgrade.')
  return state
}

/** Returns what tests ask of an upgrade, wherever in its state it is kept. */
export function toldOf(state: UpgradeState) {
  const { standing, request, requestedAt, requestedBy, children, window, abort } = existing(state)
  return {
    ...standing,
    ...{ request, requestedAt, requestedBy, children, window, abort },
    plan: acceptedPlan(state),
    failedTries: hasBegun(state) ? state.failedTries : 0,
    wakeUp: existing(state).wakeUp.at,
  }
}

/** Facts under which every admission is allowed. */
export const calm: AdmissionFacts = {
  policyVersion: 0,
  stops: [],
  closures: [],
  outOfService: null,
  releaseVersion: 1,
  releaseWithdrawn: null,
  releaseRefused: null,
  rulesVersion: 0,
  unmet: [],
  demands: [],
  parallel: null,
  budgets: [],
}

/** One upgrade whose commands are decided and folded as the log would, with a clock that the test moves. */
export class UpgradeWorld {
  state: UpgradeState = initialUpgrade
  now = start
  facts: AdmissionFacts = calm
  readonly story: UpgradeEvent[] = []

  /** Where the upgrade stands; throws where nobody has asked for it. */
  get standing(): Standing {
    return existing(this.state).standing
  }

  /** When the log wants to be asked again. */
  get wakeUp(): string | null {
    return existing(this.state).wakeUp.at
  }

  /** Decides a command and folds what it decided; returns the events, or throws the refusal's code. */
  do(decision: UpgradeDecision): readonly UpgradeEvent[] {
    const decided = decision(this.state, this.now)
    if ('rejected' in decided) throw new Error(decided.rejected.code)
    for (const event of decided.events) {
      this.state = evolve(this.state, event, { commit: 1, at: this.now, actor: 'test' })
      this.story.push(event)
    }
    return decided.events
  }

  requested(request: UpgradeRequest, plan: AcceptedPlan): this {
    this.do(requestUpgrade({ request, by: 'alice' }))
    this.do(recordPlan({ plan, facts: this.facts }))
    return this
  }

  later(seconds: number): this {
    this.now = new Date(Date.parse(this.now) + seconds * 1000).toISOString()
    return this
  }

  startWave(): readonly UpgradeEvent[] {
    const { place: wave } = position(this.state, this.now)
    return this.do(startWave({ wave, generation: this.standing.generation }, this.facts))
  }

  inFlight(): { member: number; n: number }[] {
    return isPlanned(this.state) ? membersInFlight(this.state.chunks) : []
  }

  /** Ends the attempts of so many members in flight. */
  end(howMany: number, outcome: ReportedOutcome['outcome'], retryable = false): readonly UpgradeEvent[] {
    const ends = this.inFlight()
      .slice(0, howMany)
      .map(({ member, n }) => ({ member, n, outcome, code: null, retryable, commit: 1 }))
    return this.do(recordOutcomes(ends, this.facts))
  }
}

/** The types of events, without the wake-ups that go along with many of them. */
export function types(events: readonly UpgradeEvent[]): string[] {
  return events.map(({ type }) => type).filter((type) => type !== 'WakeUpMoved')
}
