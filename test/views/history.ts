import type { Aggregate, Decision, DomainEvent } from '../../functions/domain/aggregate.ts'
import type { Rejection } from '../../functions/domain/rejection.ts'
import {
  registerRelease,
  releaseAggregate,
  releaseId,
  withdrawRelease,
} from '../../functions/domain/release/release.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { assignAttempt, attemptId, withdrawAttempt } from '../../functions/domain/target/attempt.ts'
import {
  patchTarget,
  pinTarget,
  registerTarget,
  retireTarget,
  unpinTarget,
} from '../../functions/domain/target/registration.ts'
import { acceptAttempt, finishAttempt, hearVersion } from '../../functions/domain/target/report.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { approveUpgrade } from '../../functions/domain/upgrade/approval.ts'
import { membersInFlight } from '../../functions/domain/upgrade/chunks.ts'
import {
  abortUpgrade,
  continueUpgrade,
  pauseUpgrade,
  resumeUpgrade,
  skipMember,
} from '../../functions/domain/upgrade/control.ts'
import { finishUpgrade, startWave } from '../../functions/domain/upgrade/execution.ts'
import { recordOutcomes } from '../../functions/domain/upgrade/outcomes.ts'
import { position } from '../../functions/domain/upgrade/position.ts'
import { recordPlan, requestUpgrade } from '../../functions/domain/upgrade/request.ts'
import { isPlanned } from '../../functions/domain/upgrade/state.ts'
import { tick } from '../../functions/domain/upgrade/tick.ts'
import { memoryLog } from '../../functions/log/memory.ts'
import { endOfAttempt } from '../../functions/reactor/attempts/record-outcomes.ts'
import { facts } from '../domain/target/stories.ts'
import { calm, existing, planOf, requestOf, start } from '../domain/upgrade/world.ts'
import { type Random, randomFrom } from './random.ts'

/** A log that a small fleet, a release and an upgrade have written, by the real commands. */
export interface History {
  readonly log: ReturnType<typeof memoryLog>
  readonly upgrade: string
  readonly targets: readonly string[]
}

/** Returns the history of a seed: the same each time. */
export async function historyOf(seed: number, { members = 6, rounds = 12 } = {}): Promise<History> {
  const random = randomFrom(seed)
  let now = Date.parse(start)
  let ids = 0
  const log = memoryLog({
    now: () => now,
    newId: () => `id-${ids++}`,
    random: () => 0.5,
    pause: async () => {},
  })
  const upgrade = `upgrade-${seed}`
  const targets = Array.from({ length: members }, (_, place) => `target-${place}`)

  async function tell<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    id: string,
    decide: (state: State, now: string) => Decision<Event, Rejection>,
  ) {
    now += 1 + random.below(1000)
    // A command that comes with a key and changes nothing is kept in a commit without events.
    const key = `key-${ids}`
    const idempotency = random.chance(0.3) ? { idempotency: { key, hash: key } } : {}
    await log.execute(aggregate, id, decide, { actor: 'alice', correlation: 'history', ...idempotency })
  }

  await tell(
    releaseAggregate,
    releaseId('api', 'v1.2.0'),
    registerRelease({
      component: 'api',
      version: 'v1.2.0',
      channel: 'stable',
      digest: 'sha256:1',
      notes: null,
      scheme: 'semver',
      number: 1,
    }),
  )
  // The last one is not registered: what is assigned to it comes back as skipped.
  for (const target of targets.slice(0, -1)) {
    const components = { api: 'v1.1.0', web: '3.0.0' }
    await tell(targetAggregate, target, registerTarget({ facts, components, enrolment: null }))
  }
  const cut = 1 + random.below(members - 1)
  const request = requestOf({
    parallel: 1 + random.below(members),
    failures: { percent: 50, absolute: null, action: 'pause' },
    retry: { attempts: 1, delaySeconds: 30 },
    continueByHand: random.chance(0.5),
    bakeSeconds: random.pick([0, 60]),
    approvals: { required: random.below(3), approvers: null, expiresInSeconds: 86_400 },
  })
  await tell(upgradeAggregate, upgrade, requestUpgrade({ request, by: 'alice' }))
  await tell(upgradeAggregate, upgrade, recordPlan({ plan: planOf(members, [cut, members]), facts: calm }))
  for (const by of ['bob', 'carol']) {
    await tell(upgradeAggregate, upgrade, approveUpgrade({ by, planHash: 'a1', comment: null }, calm))
  }
  for (let round = 0; round < rounds; round++) {
    await actOnUpgrade(random)
    await actOnTargets(random)
    now += 60_000
  }
  if (random.chance(0.5))
    await tell(releaseAggregate, releaseId('api', 'v1.2.0'), withdrawRelease({ reason: 'bad' }))
  return { log, upgrade, targets }

  async function actOnUpgrade({ below, chance }: Random): Promise<void> {
    const { state } = await log.load(upgradeAggregate, upgrade)
    const { generation } = existing(state).standing
    const { place: wave } = position(state, new Date(now).toISOString())
    await tell(upgradeAggregate, upgrade, startWave({ wave, generation }, calm))
    if (chance(0.1)) await tell(upgradeAggregate, upgrade, pauseUpgrade({ by: 'alice', reason: 'look' }))
    if (chance(0.1))
      await tell(upgradeAggregate, upgrade, skipMember({ member: below(members), by: 'alice' }, calm))
    if (chance(0.03)) {
      await tell(upgradeAggregate, upgrade, abortUpgrade({ by: 'alice', reason: 'stop', rollBack: false }))
    }
    const stop = { id: 'stop-1', reason: 'stop', by: 'bob', since: new Date(now).toISOString() }
    await tell(upgradeAggregate, upgrade, tick(chance(0.2) ? { ...calm, stops: [stop] } : calm))
    if (chance(0.7)) await tell(upgradeAggregate, upgrade, resumeUpgrade({ by: 'alice' }, calm))
    await tell(upgradeAggregate, upgrade, continueUpgrade({ by: 'bob' }, calm))
    await tell(upgradeAggregate, upgrade, finishUpgrade({ generation }))
  }

  async function actOnTargets(random: Random): Promise<void> {
    const { state } = await log.load(upgradeAggregate, upgrade)
    const inFlight = isPlanned(state) ? membersInFlight(state.chunks) : []
    for (const { member, n } of random.shuffled(inFlight)) await attempt(random, member, n)
    const target = targets[random.below(members)] ?? ''
    if (random.chance(0.1))
      await tell(targetAggregate, target, pinTarget({ component: null, reason: 'hands off' }))
    if (random.chance(0.1)) await tell(targetAggregate, target, unpinTarget())
    if (random.chance(0.1)) await tell(targetAggregate, target, patchTarget({ critical: random.chance(0.5) }))
    if (random.chance(0.1)) {
      await tell(
        targetAggregate,
        target,
        hearVersion({ component: 'web', version: `3.${random.below(9)}.0`, heard: 'report' }),
      )
    }
    if (random.chance(0.03))
      await tell(targetAggregate, target, retireTarget({ reason: 'gone', force: true }))
  }

  async function attempt(random: Random, member: number, n: number): Promise<void> {
    const target = targets[member] ?? ''
    const key = {
      upgrade,
      member,
      n,
      kind: 'deploy',
      component: 'api',
      from: 'v1.1.0',
      to: 'v1.2.0',
    } as const
    const plan = { ...key, attempt: attemptId({ ...key, target }) }
    const acceptBy = new Date(now + 600_000).toISOString()
    if (random.chance(0.1)) await tell(targetAggregate, target, withdrawAttempt(plan))
    await tell(targetAggregate, target, assignAttempt({ ...plan, digest: null, acceptBy, seconds: 600 }))
    if (random.chance(0.1)) await tell(targetAggregate, target, withdrawAttempt(plan))
    await tell(targetAggregate, target, acceptAttempt({}))
    const status = random.pick(['completed', 'completed', 'failed', 'rolled-back'] as const)
    const version = status === 'completed' ? 'v1.2.0' : 'v1.1.0'
    const code = status === 'completed' ? null : 'HEALTH_CHECK_FAILED'
    const retryable = random.chance(0.7)
    const report = { attempt: plan.attempt, status, version, code, retryable, output: 'as told' }
    if (random.chance(0.9)) await tell(targetAggregate, target, finishAttempt(report))
    const ended = await endOfAttempt(log, target, plan.attempt)
    if (ended) await tell(upgradeAggregate, upgrade, recordOutcomes([ended], calm))
  }
}
