import { type Commit, fromImage, hashCommit } from '../../events/envelope.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import { audit } from '../../functions/audit/audit.ts'
import type { Aggregate, Decision, DomainEvent } from '../../functions/domain/aggregate.ts'
import { chunkId, planAggregate, storeChunk } from '../../functions/domain/plan/aggregate.ts'
import { makePlan } from '../../functions/domain/plan/plan.ts'
import {
  defineCalendar,
  liftFreeze,
  placeFreeze,
  policyAggregate,
} from '../../functions/domain/policy/policy.ts'
import type { Rejection } from '../../functions/domain/rejection.ts'
import { registerRelease, releaseAggregate } from '../../functions/domain/release/release.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { assignAttempt, attemptId } from '../../functions/domain/target/attempt.ts'
import { registerTarget } from '../../functions/domain/target/registration.ts'
import { acceptAttempt, finishAttempt } from '../../functions/domain/target/report.ts'
import type { AdmissionFacts } from '../../functions/domain/upgrade/admission.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { approveUpgrade } from '../../functions/domain/upgrade/approval.ts'
import { continueUpgrade, pauseUpgrade, resumeUpgrade } from '../../functions/domain/upgrade/control.ts'
import { finishUpgrade, startWave } from '../../functions/domain/upgrade/execution.ts'
import { recordOutcomes } from '../../functions/domain/upgrade/outcomes.ts'
import { recordPlan, requestUpgrade } from '../../functions/domain/upgrade/request.ts'
import { tick } from '../../functions/domain/upgrade/tick.ts'
import { logOver } from '../../functions/log/append.ts'
import type { Metadata } from '../../functions/log/log.ts'
import { memoryStore } from '../../functions/log/memory.ts'
import { requestOf } from '../domain/upgrade/world.ts'

const seconds = 1000

/** Tells a valid history of a fleet through the domain, on a clock of its own. */
export class Teller {
  readonly store = memoryStore()
  now = Date.parse('2026-03-02T08:00:00Z')
  readonly #log = logOver(this.store, { now: () => this.now })

  async do<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    id: string,
    decide: (state: State, now: string) => Decision<Event, Rejection>,
    metadata: Partial<Metadata> = {},
  ): Promise<number> {
    this.now += seconds
    const outcome = await this.#log.execute(aggregate, id, decide, {
      actor: 'drydock',
      correlation: 'test',
      ...metadata,
    })
    if (outcome.kind !== 'committed') throw new Error(`${aggregate.name}#${id}: ${JSON.stringify(outcome)}`)
    return outcome.loaded.commit
  }

  /** Returns all that was told, in the order in which it was written. */
  written(): Commit[] {
    return this.store.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
  }

  /** Brings one member from its admission to its end. */
  async attempt(upgrade: string, request: UpgradeRequest, place: Place, ends: 'completed' | 'failed', n = 1) {
    const { member, target, from, to, digest } = place
    const attempt = attemptId({ upgrade, target, n })
    const identity = { attempt, upgrade, member, n, kind: request.kind, component: 'api', from, to }
    const acceptBy = new Date(this.now + 600 * seconds).toISOString()
    await this.do(targetAggregate, target, assignAttempt({ ...identity, digest, acceptBy, seconds: 3600 }))
    await this.do(targetAggregate, target, acceptAttempt({ attempt }))
    const version = ends === 'completed' ? to : null
    const report = { attempt, status: ends, version, code: null, retryable: false, output: null }
    const commit = await this.do(targetAggregate, target, finishAttempt(report))
    const outcome = ends === 'completed' ? ('succeeded' as const) : ('failed' as const)
    return { member, n, outcome, code: null, retryable: false, commit }
  }

  /** Requests, plans and stores an upgrade. */
  async begin(
    id: string,
    request: UpgradeRequest,
    members: readonly { target: string; from: string; to?: string; region?: string; critical?: boolean }[],
  ) {
    const candidates = members.map(({ target, from, to, region = null, critical = false }) => ({
      ...{ target, type: 'publisher', region, critical, tags: {}, group: region },
      ...{ from, active: null, pinned: false, retired: false, to: to ?? null },
    }))
    const release =
      request.kind === 'rollback' ? null : { version: '1.1.0', digest: 'sha256:1', releaseVersion: 1 }
    const made = makePlan({ request, candidates, release, policyVersion: 2 })
    if (!('plan' in made)) throw new Error(made.rejected.detail)
    const { leftOut: _, droppedWaves, chunks: inOrder, ...plan } = made.plan
    const chunks = [...inOrder]
    await this.do(upgradeAggregate, id, requestUpgrade({ request, by: 'alice' }), { actor: 'alice' })
    for (const [k, chunk] of chunks.entries())
      await this.do(planAggregate, chunkId(plan.planHash, k), storeChunk(chunk))
    const summary = { ...plan, droppedWaves: [...droppedWaves], leftOut: {} }
    await this.do(upgradeAggregate, id, recordPlan({ plan: summary, facts: calm }))
    const places = chunks.flatMap(({ members: rows, versions }) =>
      rows.map(([target, from, to], member): Place => {
        const [fromVersion = '', toVersion = ''] = [versions[from], versions[to]]
        return { member, target, from: fromVersion, to: toVersion, digest: plan.digest }
      }),
    )
    return { planHash: plan.planHash, places }
  }
}

interface Place {
  readonly member: number
  readonly target: string
  readonly from: string
  readonly to: string
  readonly digest: string | null
}

export const calm: AdmissionFacts = {
  policyVersion: 2,
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

/**
 * Returns a valid log in which everything happens that the audit asks about: a canary of six with approval, bake, gate and a continue,
 * a failure, a pause and a stop, and then a rollback of what was changed.
 */
export async function validHistory(): Promise<Commit[]> {
  const teller = new Teller()
  const facts = { type: 'publisher', region: null, tags: {}, critical: false, namespace: null, gateway: null }
  const release = { component: 'api', version: '1.1.0', channel: 'stable', digest: 'sha256:1', notes: null }
  const targets = Array.from({ length: 6 }, (_, place) => ({ target: `t${place}`, from: '1.0.0' }))
  await teller.do(releaseAggregate, 'api@1.1.0', registerRelease({ ...release, scheme: 'semver', number: 1 }))
  for (const { target } of targets) {
    const registration = { facts, components: { api: '1.0.0' }, enrolment: null }
    await teller.do(targetAggregate, target, registerTarget(registration))
  }
  await teller.do(policyAggregate, 'freeze', placeFreeze({ reason: 'drill', by: 'bob' }), { actor: 'bob' })
  await teller.do(policyAggregate, 'freeze', liftFreeze({ stop: 'stop-1', reason: 'over' }), { actor: 'bob' })

  const shut = { start: '2026-04-03T00:00:00.000Z', end: '2026-04-04T00:00:00.000Z', name: 'Good Friday' }
  const calendar = defineCalendar({ kind: 'ranges', ranges: [shut] })
  await teller.do(policyAggregate, 'calendar:acme', calendar, { actor: 'bob' })

  const start = teller.now
  const request = requestOf({
    version: '1.1.0',
    strategy: 'canary',
    canaryPercent: 30,
    parallel: 2,
    failures: { percent: 50, absolute: null, action: 'pause' },
    approvals: { required: 1, approvers: ['bob', 'carol'], expiresInSeconds: 86_400 },
    window: {
      start: new Date(start).toISOString(),
      end: new Date(start + 7200 * seconds).toISOString(),
    },
    bakeSeconds: 60,
    gate: { successRatePercent: 40 },
    continueByHand: true,
    continueBySecondPerson: true,
    calendars: ['acme'],
  })
  const { planHash, places } = await teller.begin('up', request, targets)
  const execution = { actor: 'drydock', correlation: 'up-1' }
  const wave = (number: number) =>
    teller.do(upgradeAggregate, 'up', startWave({ wave: number, generation: 1 }, calm), execution)
  const end = async (place: Place | undefined, how: 'completed' | 'failed') => {
    if (!place) throw new Error('There is no such member.')
    const ended = await teller.attempt('up', request, place, how)
    await teller.do(upgradeAggregate, 'up', recordOutcomes([ended], calm))
  }
  await teller.do(upgradeAggregate, 'up', approveUpgrade({ by: 'bob', planHash, comment: null }, calm))
  await wave(0)
  await end(places[0], 'completed')
  await end(places[1], 'failed')
  teller.now += 60 * seconds
  await teller.do(upgradeAggregate, 'up', tick(calm))
  await teller.do(upgradeAggregate, 'up', continueUpgrade({ by: 'carol' }, calm))
  await wave(1)
  await end(places[2], 'completed')
  await teller.do(upgradeAggregate, 'up', pauseUpgrade({ by: 'alice', reason: 'look' }))
  await teller.do(upgradeAggregate, 'up', resumeUpgrade({ by: 'alice' }, calm))
  for (const place of places.slice(3)) await end(place, 'completed')
  teller.now += 60 * seconds
  await teller.do(upgradeAggregate, 'up', tick(calm))
  await teller.do(upgradeAggregate, 'up', finishUpgrade({ generation: 1 }), execution)

  const back = requestOf({ kind: 'rollback', parent: 'up', version: '1.1.0' })
  // Who failed may run half of it, whatever the inventory says.
  const returned = places.map(({ member, target }) => ({
    ...{ target, from: member === 1 ? '1.0.0' : '1.1.0', to: '1.0.0' },
  }))
  const child = await teller.begin('back', back, returned)
  const childExecution = { actor: 'drydock', correlation: 'back-1' }
  await teller.do(upgradeAggregate, 'back', startWave({ wave: 0, generation: 1 }, calm), childExecution)
  for (const place of child.places) {
    const ended = await teller.attempt('back', back, place, 'completed')
    await teller.do(upgradeAggregate, 'back', recordOutcomes([ended], calm))
  }
  await teller.do(upgradeAggregate, 'back', finishUpgrade({ generation: 1 }), childExecution)
  return teller.written()
}

/** Returns the log with the chains made anew, numbers and versions included: a forger who can write would do the same. */
export function rechained(commits: readonly Commit[]): Commit[] {
  return [...Map.groupBy(commits, ({ stream }) => stream).values()].flatMap((stream) => {
    let [hash, version] = ['', 1]
    return stream.map((commit, place) => {
      const body = { ...commit, commit: place + 1, version, count: commit.events.length }
      hash = hashCommit(hash, body)
      version += body.count
      return { ...body, hash }
    })
  })
}

/** Returns the log with the data of one event changed: of the first commit of a stream that holds such an event and that fits. */
export function withEvent(
  commits: readonly Commit[],
  stream: string,
  type: string,
  change: (data: never) => object,
  fits: (data: never) => boolean = () => true,
): { commits: Commit[]; commit: number } {
  const found = commits.find(
    (commit) =>
      commit.stream === stream &&
      commit.events.some((event) => event.type === type && fits(JSON.parse(event.data) as never)), // the caller knows the type
  )
  if (!found) throw new Error(`${stream} has no such ${type}.`)
  const events = found.events.map((event) =>
    event.type === type ? { ...event, data: JSON.stringify(change(JSON.parse(event.data) as never)) } : event,
  )
  const edited = { ...found, events }
  return {
    commits: rechained(commits.map((commit) => (commit === found ? edited : commit))),
    commit: found.commit,
  }
}

/** Returns the log with something changed about the first commit of a stream that holds an event of a type. */
export function withCommit(
  commits: readonly Commit[],
  stream: string,
  type: string,
  change: (commit: Commit) => Commit | readonly Commit[],
): { commits: Commit[]; commit: number } {
  const found = commits.find(
    (commit) => commit.stream === stream && commit.events.some((event) => event.type === type),
  )
  if (!found) throw new Error(`${stream} has no ${type}.`)
  const edited = commits.flatMap((commit) => (commit === found ? change(found) : [commit]))
  return { commits: rechained(edited), commit: found.commit }
}

/** What the data of an event are made to be; undefined: it is left out. */
export type Change = (data: Record<string, unknown>) => object | undefined

/** Returns the words of an invariant about a history in which events of one type are other ones. */
export async function wordsOf(
  invariant: string,
  commits: readonly Commit[],
  type: string,
  change: Change,
): Promise<string[]> {
  const changed = commits.map((commit) => ({
    ...commit,
    events: commit.events.flatMap((event) => {
      const data = event.type === type ? change(JSON.parse(event.data)) : JSON.parse(event.data)
      return data === undefined ? [] : [{ ...event, data: JSON.stringify(data) }]
    }),
  }))
  const { findings } = await audit(changed)
  return findings.filter((finding) => finding.invariant === invariant).map(({ words }) => words)
}
