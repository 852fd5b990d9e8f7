import { beforeAll, describe, expect, test } from 'vitest'
import type { Commit } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { registerRelease, releaseAggregate } from '../../functions/domain/release/release.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { registerTarget } from '../../functions/domain/target/registration.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { approveUpgrade } from '../../functions/domain/upgrade/approval.ts'
import { resumeUpgrade } from '../../functions/domain/upgrade/control.ts'
import { finishUpgrade, startWave } from '../../functions/domain/upgrade/execution.ts'
import { recordOutcomes } from '../../functions/domain/upgrade/outcomes.ts'
import { requestOf } from '../domain/upgrade/world.ts'
import { calm, rechained, Teller, withEvent } from './history.ts'

const execution = { actor: 'drydock', correlation: 'up-1' }

/** Returns a log in which what is approved for the night is moved to the day, approved again, and runs. */
async function movedAndApproved(): Promise<Commit[]> {
  const teller = new Teller()
  const instant = (hours: number) => new Date(teller.now + hours * 3_600_000).toISOString()
  const facts = { type: 'publisher', region: null, tags: {}, critical: false, namespace: null, gateway: null }
  const release = { component: 'api', version: '1.1.0', channel: 'stable', digest: 'sha256:1', notes: null }
  await teller.do(releaseAggregate, 'api@1.1.0', registerRelease({ ...release, scheme: 'semver', number: 1 }))
  const registration = { facts, components: { api: '1.0.0' }, enrolment: null }
  await teller.do(targetAggregate, 't0', registerTarget(registration))
  const night = { start: instant(12), end: instant(16) }
  const day = { start: instant(0), end: instant(4) }
  const approvals = { required: 1, approvers: null, expiresInSeconds: 86_400 }
  const request = requestOf({ version: '1.1.0', window: night, approvals })
  const { planHash, places } = await teller.begin('up', request, [{ target: 't0', from: '1.0.0' }])
  const approve = (by: string, window: typeof night) =>
    teller.do(upgradeAggregate, 'up', approveUpgrade({ by, planHash, comment: null, window }, calm))
  await approve('bob', night)
  await teller.do(upgradeAggregate, 'up', resumeUpgrade({ by: 'alice', window: day }, calm))
  await approve('carol', day)
  await teller.do(upgradeAggregate, 'up', startWave({ wave: 0, generation: 1 }, calm), execution)
  for (const place of places) {
    const ended = await teller.attempt('up', request, place, 'completed')
    await teller.do(upgradeAggregate, 'up', recordOutcomes([ended], calm))
  }
  await teller.do(upgradeAggregate, 'up', finishUpgrade({ generation: 1 }), execution)
  return teller.written()
}

let valid: Commit[]
beforeAll(async () => {
  valid = await movedAndApproved()
})

async function found(commits: readonly Commit[]): Promise<string[]> {
  const { findings } = await audit(commits)
  return findings.map(({ invariant, stream, words }) => `${invariant} ${stream}: ${words}`)
}

const without = (drops: (commit: Commit, type: string) => boolean) =>
  rechained(
    valid
      .map((commit) => ({ ...commit, events: commit.events.filter(({ type }) => !drops(commit, type)) }))
      .filter(({ events }) => events.length > 0),
  )

const unapproved = /^I14 upgrade#up: .* 0 of 1 approvals of its window, from /

describe('a window that is moved after it was approved', () => {
  test('is no finding where it is approved again', async () => {
    expect(await found(valid)).toEqual([])
  })

  test('I14: nobody approved the other window, whether the log says that the approvals are void or not', async () => {
    const again = ({ events }: Commit) => events.some(({ data }) => data.includes('"carol"'))
    const admitted = await found(without((commit, type) => type === 'ApprovalGiven' && again(commit)))
    expect(admitted).toEqual([expect.stringMatching(unapproved), expect.stringMatching(unapproved)])
    const kept = without(
      (commit, type) => type === 'ApprovalsVoided' || (type === 'ApprovalGiven' && again(commit)),
    )
    expect(await found(kept)).toEqual([expect.stringMatching(unapproved), expect.stringMatching(unapproved)])
  })

  test('I14: who moved it approved it, or another window was approved than it had', async () => {
    const carols = ({ by }: { by: string }) => by === 'carol'
    const lie = (change: object) =>
      withEvent(valid, 'upgrade#up', 'ApprovalGiven', (data: object) => ({ ...data, ...change }), carols)
    expect(await found(lie({ window: null }).commits)).toEqual([expect.stringContaining('another window')])
    const byDave = withEvent(valid, 'upgrade#up', 'WindowSet', (data: object) => ({ ...data, by: 'carol' }))
    expect(await found(byDave.commits)).toEqual([expect.stringContaining('the window that they had set')])
  })
})
