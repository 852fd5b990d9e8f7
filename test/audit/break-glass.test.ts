import { beforeAll, describe, expect, test } from 'vitest'
import type { Commit } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { placeFreeze, policyAggregate } from '../../functions/domain/policy/policy.ts'
import { registerRelease, releaseAggregate } from '../../functions/domain/release/release.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { registerTarget } from '../../functions/domain/target/registration.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { approveUpgrade } from '../../functions/domain/upgrade/approval.ts'
import { finishUpgrade, startWave } from '../../functions/domain/upgrade/execution.ts'
import { recordOutcomes } from '../../functions/domain/upgrade/outcomes.ts'
import { requestOf } from '../domain/upgrade/world.ts'
import { calm, rechained, Teller, withCommit, withEvent } from './history.ts'

const execution = (id: string) => ({ actor: 'drydock', correlation: `${id}-1` })

/** Returns a log in which one target is upgraded, everything is stopped, and the target is taken back all the same. */
async function takenBackDuringStop(): Promise<Commit[]> {
  const teller = new Teller()
  const facts = { type: 'publisher', region: null, tags: {}, critical: false, namespace: null, gateway: null }
  const release = { component: 'api', version: '1.1.0', channel: 'stable', digest: 'sha256:1', notes: null }
  await teller.do(releaseAggregate, 'api@1.1.0', registerRelease({ ...release, scheme: 'semver', number: 1 }))
  const registration = { facts, components: { api: '1.0.0' }, enrolment: null }
  await teller.do(targetAggregate, 't0', registerTarget(registration))
  const run = async (id: string, request: ReturnType<typeof requestOf>, version: string, frozen = calm) => {
    const to = id === 'up' ? {} : { to: '1.0.0' }
    const { planHash, places } = await teller.begin(id, request, [{ target: 't0', from: version, ...to }])
    if (request.breakGlass)
      await teller.do(upgradeAggregate, id, approveUpgrade({ by: 'bob', planHash, comment: null }, calm))
    await teller.do(upgradeAggregate, id, startWave({ wave: 0, generation: 1 }, frozen), execution(id))
    for (const place of places) {
      const ended = await teller.attempt(id, request, place, 'completed')
      await teller.do(upgradeAggregate, id, recordOutcomes([ended], frozen))
    }
    await teller.do(upgradeAggregate, id, finishUpgrade({ generation: 1 }), execution(id))
  }
  await run('up', requestOf({ version: '1.1.0' }), '1.0.0')
  await teller.do(policyAggregate, 'freeze', placeFreeze({ reason: 'incident', by: 'carol' }), {
    actor: 'carol',
  })
  const since = new Date(teller.now).toISOString()
  teller.now += 60_000
  const back = requestOf({
    kind: 'rollback',
    parent: 'up',
    version: '1.1.0',
    breakGlass: true,
    reason: 'loses orders',
    approvals: { required: 1, approvers: null, expiresInSeconds: 3600 },
  })
  await run('back', back, '1.1.0', {
    ...calm,
    policyVersion: 1,
    stops: [{ id: 'stop-1', reason: 'incident', by: 'carol', since }],
  })
  return teller.written()
}

let valid: Commit[]
beforeAll(async () => {
  valid = await takenBackDuringStop()
})

async function found(commits: readonly Commit[]): Promise<string[]> {
  const { findings } = await audit(commits)
  return findings.map(({ invariant, stream, words }) => `${invariant} ${stream}: ${words}`)
}

const changed = (change: (request: Record<string, unknown>) => object) =>
  withEvent(valid, 'upgrade#back', 'UpgradeRequested', (data: { request: Record<string, unknown> }) => ({
    ...data,
    request: { ...data.request, ...change(data.request) },
  })).commits

describe('a rollback during a stop', () => {
  test('is no finding where it broke the glass with a reason and a second person, and says so', async () => {
    expect(await found(valid)).toEqual([])
  })

  test('I2: nobody asked to break the glass', async () => {
    const told = await found(changed(() => ({ breakGlass: false })))
    expect(told.filter((each) => each.startsWith('I2 upgrade#back'))).not.toEqual([])
  })

  test('I2: nobody else approved it', async () => {
    const isApproval = ({ events }: Commit) => events.some(({ type }) => type === 'ApprovalGiven')
    const told = await found(rechained(valid.filter((commit) => !isApproval(commit))))
    expect(told.filter((each) => each.startsWith('I2 upgrade#back'))).not.toEqual([])
  })

  test('I2: the log keeps silent about the stop that it went on in spite of', async () => {
    const { commits } = withCommit(valid, 'upgrade#back', 'FreezeOverridden', (commit) => ({
      ...commit,
      events: commit.events.filter(({ type }) => type !== 'FreezeOverridden'),
    }))
    expect(await found(commits)).toEqual([expect.stringMatching(/^I2 upgrade#back: .*no event says so/)])
  })

  test('I14: the glass broken without a reason, without a second person, or by what is no rollback', async () => {
    const lies: [object, string][] = [
      [{ reason: null }, 'without a reason'],
      [{ approvals: { required: 0, approvers: null, expiresInSeconds: 60 } }, 'without a second person'],
      [{ kind: 'deploy' }, 'in spite of a stop'],
    ]
    for (const [lie, words] of lies) {
      const told = await found(changed(() => lie))
      expect(told.filter((each) => each.startsWith('I14') && each.includes(words))).toHaveLength(1)
    }
  })
})
