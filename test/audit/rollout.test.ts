import { beforeAll, describe, expect, test } from 'vitest'
import { type Commit, fromImage } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { approved, platform, started, twoPhases } from '../api/rollout-world.ts'
import { report } from '../api/world.ts'
import { rechained, withEvent } from './history.ts'

let valid: Commit[]
let rollout: string
beforeAll(async () => {
  const world = await platform()
  const [first, second] = twoPhases.phases
  const phases = [{ ...first, pauseSeconds: 60 }, second]
  const id = await started(world, { ...twoPhases, phases, approvals: { required: 1 } })
  await approved(world, id)
  await report(world)
  await world.advanceRollout(id)
  world.pass(60)
  await world.advanceRollout(id)
  await report(world)
  await world.advanceRollout(id)
  rollout = `rollout#${id}`
  valid = world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
})

/** The findings as `<invariant> <stream>@<commit>`. */
async function found(commits: readonly Commit[]): Promise<string[]> {
  const { findings } = await audit(commits)
  return findings.map(({ invariant, stream, commit }) => `${invariant} ${stream}@${commit}`)
}

const isSecond = ({ phase }: { readonly phase: number }) => phase === 1

/** The valid history without the events of a type in the rollout's stream; commits that hold nothing else go. */
const without = (type: string) =>
  rechained(
    valid.flatMap((commit) => {
      if (commit.stream !== rollout) return [commit]
      const events = commit.events.filter((event) => event.type !== type)
      return events.length > 0 ? [{ ...commit, events }] : []
    }),
  )

describe('a history of a rollout', () => {
  test('that is valid gives no finding', async () => {
    expect(await found(valid)).toEqual([])
  })

  test('I17: a phase began before the one that it depends on had ended', async () => {
    const forged = withEvent(valid, rollout, 'PhaseEnded', (data: object) => ({ ...data, phase: 1 }))
    expect((await found(forged.commits)).filter((one) => one.startsWith(`I17 ${rollout}`))).toHaveLength(1)
  })

  test('I17: a phase began although the one that it depends on had not ended well', async () => {
    const forged = withEvent(valid, rollout, 'PhaseEnded', (data: object) => ({ ...data, passed: false }))
    expect((await found(forged.commits)).some((one) => one.startsWith(`I17 ${rollout}`))).toBe(true)
  })

  test('I17: a phase began before the one that it depends on had rested', async () => {
    const longer = (data: { declaration: object }) => ({
      ...data,
      declaration: { ...data.declaration, pauseSeconds: 61 },
    })
    const forged = withEvent(valid, rollout, 'PhaseDeclared', longer)
    expect((await found(forged.commits)).some((one) => one.startsWith(`I17 ${rollout}`))).toBe(true)
  })

  test('I17: phases began although nobody had approved them', async () => {
    expect((await found(without('ApprovalGiven'))).filter((one) => one.startsWith('I17'))).toHaveLength(2)
  })

  test('I14: who asked for it approved it', async () => {
    const own = (data: object) => ({ ...data, by: 'operator-1' })
    const forged = withEvent(valid, rollout, 'ApprovalGiven', own)
    expect(await found(forged.commits)).toContain(`I14 ${rollout}@${forged.commit}`)
  })

  test('I18: the plan of a phase is not the one that was approved', async () => {
    const other = (data: { plan: object }) => ({ ...data, plan: { ...data.plan, planHash: 'ab'.repeat(32) } })
    const forged = withEvent(valid, rollout, 'PhasePlanned', other)
    const findings = await found(forged.commits)
    expect(findings).toContain(`I18 ${rollout}@${forged.commit}`)
    expect(findings.filter((one) => one.startsWith(`I18 ${rollout}`)).length).toBeGreaterThan(1)
  })

  test('I18: a phase ended otherwise than its upgrade did', async () => {
    const other = (data: object) => ({ ...data, status: 'aborted' })
    const forged = withEvent(valid, rollout, 'PhaseEnded', other, isSecond)
    expect(await found(forged.commits)).toContain(`I18 ${rollout}@${forged.commit}`)
  })

  test('I18: an upgrade says to be a phase of a rollout that never began it', async () => {
    const findings = await found(without('PhaseStarted'))
    expect(findings.filter((one) => one.startsWith('I18 upgrade#'))).toHaveLength(2)
  })
})

describe('a history of a rollout that was taken back during a stop', () => {
  let broken: Commit[]
  let back: string
  beforeAll(async () => {
    const world = await platform()
    const id = await started(world)
    for (let phase = 0; phase < 2; phase++) {
      await report(world)
      await world.advanceRollout(id)
    }
    await world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } })
    world.pass(60)
    const body = { breakGlass: { reason: 'loses orders' } }
    const rollback = await world.call('POST', `/api/v1/rollouts/${id}/rollback`, { body })
    await world.advanceRollout(rollback.body.rolloutId)
    await approved(world, rollback.body.rolloutId)
    await report(world)
    back = `rollout#${rollback.body.rolloutId}`
    broken = world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
  })

  /** The upgrade of the first phase of the way back. */
  const upgradeOf = () => {
    const begun = broken.find(
      ({ stream, events }) => stream === back && events.some(({ type }) => type === 'PhaseStarted'),
    )
    const { data = '{}' } = begun?.events.find(({ type }) => type === 'PhaseStarted') ?? {}
    return `upgrade#${JSON.parse(data).upgrade}`
  }
  const glassOf = async (commits: readonly Commit[]) =>
    (await found(commits)).filter((one) => !one.startsWith('I12'))

  test('gives no finding', async () => {
    expect(await glassOf(broken)).toEqual([])
  })

  test('I14: the glass was broken without a second person', async () => {
    const alone = (data: { request: { approvals: object } }) => ({
      ...data,
      request: { ...data.request, approvals: { ...data.request.approvals, required: 0 } },
    })
    const forged = withEvent(broken, back, 'RolloutRequested', alone)
    expect(await glassOf(forged.commits)).toContain(`I14 ${back}@${forged.commit}`)
  })

  test('I14: a phase says to be approved by somebody who never approved its rollout', async () => {
    const other = (data: { rollout: object }) => ({
      ...data,
      rollout: { ...data.rollout, approvedBy: ['eve'] },
    })
    const forged = withEvent(broken, upgradeOf(), 'UpgradeRequested', other)
    expect(await glassOf(forged.commits)).toContain(`I14 ${upgradeOf()}@${forged.commit}`)
  })

  test('I2: a phase was let run by nobody beside who asked', async () => {
    const own = (data: { rollout: object }) => ({
      ...data,
      rollout: { ...data.rollout, approvedBy: ['operator-1'] },
    })
    const forged = withEvent(broken, upgradeOf(), 'UpgradeRequested', own)
    expect((await glassOf(forged.commits)).some((one) => one.startsWith('I2 '))).toBe(true)
  })
})
