import type { Commit } from '../../events/envelope.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import {
  freezePolicy,
  liftFreeze,
  placeFreeze,
  policyAggregate,
} from '../../functions/domain/policy/policy.ts'
import { registerRelease, releaseAggregate } from '../../functions/domain/release/release.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { registerTarget } from '../../functions/domain/target/registration.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { membersInFlight } from '../../functions/domain/upgrade/chunks.ts'
import { continueUpgrade, resumeUpgrade } from '../../functions/domain/upgrade/control.ts'
import { finishUpgrade, startWave } from '../../functions/domain/upgrade/execution.ts'
import { recordOutcomes } from '../../functions/domain/upgrade/outcomes.ts'
import { position } from '../../functions/domain/upgrade/position.ts'
import { exists, hasEnded } from '../../functions/domain/upgrade/state.ts'
import { tick } from '../../functions/domain/upgrade/tick.ts'
import { logOver } from '../../functions/log/append.ts'
import { requestOf } from '../domain/upgrade/world.ts'
import { calm, Teller } from './history.ts'

/** A target of a fleet that is upgraded: its region, whether it is critical, and how its attempts end, one after the other. */
export interface Upgraded {
  readonly region?: string
  readonly critical?: boolean
  readonly ends?: readonly ('completed' | 'failed')[]
}

/** So many turns are enough for every story that is told here: one that does not end is a fault. */
const turnsAtMost = 400

/**
 * Returns the log of an upgrade by some strategy, from its request to its end: told through the domain, with a person who continues it and, having seen
 * what failed, resumes it.
 */
export async function played(
  changes: Partial<UpgradeRequest>,
  fleet: readonly Upgraded[],
): Promise<Commit[]> {
  const teller = new Teller()
  const release = { component: 'api', version: '1.1.0', channel: 'stable', digest: 'sha256:1', notes: null }
  await teller.do(releaseAggregate, 'api@1.1.0', registerRelease({ ...release, scheme: 'semver', number: 1 }))
  // What the upgrades of these tests were checked against.
  await teller.do(policyAggregate, freezePolicy, placeFreeze({ reason: 'drill', by: 'bob' }), {
    actor: 'bob',
  })
  const lift = liftFreeze({ stop: 'stop-1', reason: 'over' })
  await teller.do(policyAggregate, freezePolicy, lift, { actor: 'bob' })
  const members = fleet.map(({ region = 'eu', critical = false }, place) => ({
    ...{ target: `t${place}`, from: '1.0.0', region, critical },
  }))
  for (const { target, region, critical } of members) {
    const facts = { type: 'publisher', region, tags: {}, critical, namespace: null, gateway: null }
    await teller.do(
      targetAggregate,
      target,
      registerTarget({ facts, components: { api: '1.0.0' }, enrolment: null }),
    )
  }
  const request = requestOf({ version: '1.1.0', deadlines: patient, ...changes })
  const { places } = await teller.begin('up', request, members)
  const log = logOver(teller.store, { now: () => teller.now })
  for (let turn = 0; turn < turnsAtMost; turn++) {
    const { state } = await log.load(upgradeAggregate, 'up')
    if (!exists(state) || hasEnded(state)) return teller.written()
    const { move, place: wave } = position(state, new Date(teller.now).toISOString())
    const asExecution = { actor: 'drydock', correlation: `up-${state.standing.generation}` }
    const { generation } = state.standing
    if (move === 'start-wave') {
      await teller.do(upgradeAggregate, 'up', startWave({ wave, generation }, calm), asExecution)
      continue
    }
    if (move === 'finish') {
      await teller.do(upgradeAggregate, 'up', finishUpgrade({ generation }), asExecution)
      continue
    }
    const [next] = state.stage === 'in-wave' ? membersInFlight(state.chunks) : []
    const place = next && places[next.member]
    if (next && place) {
      const how = fleet[Number(place.target.slice(1))]?.ends?.[next.n - 1] ?? 'completed'
      const ended = await teller.attempt('up', request, place, how, next.n)
      await teller.do(upgradeAggregate, 'up', recordOutcomes([{ ...ended, retryable: true }], calm))
    } else if (state.standing.status === 'paused') {
      const acknowledge = { failed: state.standing.counts.failed, unreachable: 0 }
      await teller.do(upgradeAggregate, 'up', resumeUpgrade({ by: 'bob', acknowledge }, calm), {
        actor: 'bob',
      })
    } else if (state.stage === 'between-waves' && state.awaits?.kind === 'continue') {
      await teller.do(upgradeAggregate, 'up', continueUpgrade({ by: 'bob' }, calm), { actor: 'bob' })
    } else {
      // Nothing but time is waited for: the log says until when.
      const due = Date.parse(state.wakeUp.at ?? '')
      teller.now = Math.max(teller.now, due - 1000)
      await teller.do(upgradeAggregate, 'up', tick(calm))
    }
  }
  throw new Error('The upgrade has not come to an end.')
}

/** Nobody is late in these stories. */
const patient = { accept: 86_400, attempt: 86_400, expected: 60, continue: 604_800, linger: 604_800 }
