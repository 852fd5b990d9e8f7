import type { Seen } from './api.ts'
import { after, before, component, type Scene } from './scene.ts'
import { follow, type Status } from './story.ts'

/** Asks for the upgrade, as the first operator. */
export async function deploy({
  options,
  screen,
  operator,
}: Scene): Promise<{ upgradeId: string; jobId: string }> {
  const { strategy, canaryPercent, batchSize, fail } = options
  const answer = await operator<{ upgradeId: string; jobId: string; message: string }>(
    'POST',
    '/api/upgrades/deploy',
    {
      component,
      version: after,
      strategy,
      ...(strategy === 'canary' ? { canaryPercent } : {}),
      ...(strategy === 'batch' ? { batchSize } : {}),
      // A part at a time, so that a halt finds others untouched.
      ...(fail > 0 ? { parallel: Math.max(10, Math.ceil(options.size / 5)) } : {}),
      failureThreshold: { percent: 10, action: 'pause' },
      // A larger fleet asks less often, so its instances hear later of an update.
      deadlines: {
        acceptSeconds: 90 + options.size,
        attemptSeconds: 120 + options.size,
        expectedSeconds: 20,
      },
      reason: fail > 0 ? `demo with ${fail} % of the instances failing` : 'demo',
    },
  )
  screen.say(`operator-1  ${answer.message}`)
  screen.say(`            upgrade ${answer.upgradeId}, job ${answer.jobId}`)
  return answer
}

/** Says yes as a second person: to the plan where that needs one, since its first wave is so large, else to the next wave. */
async function agree({ second, screen }: Scene, { upgradeId, holds }: Status, seen: Seen): Promise<void> {
  const path = `/api/upgrades/${upgradeId}`
  const approves = holds.some(({ code }) => code === 'APPROVAL')
  const { planHash } = approves ? await second<{ planHash: string }>('GET', path) : { planHash: null }
  const [verb, body] = planHash === null ? ['continue', undefined] : ['approve', { planHash }]
  const { message } = await second<{ message: string }>('POST', `${path}/${verb}`, body, seen)
  screen.say(`operator-2  ${message}`)
}

/** Follows the upgrade, agreeing as a second person where it waits for one; stops where an operator has to look. */
export async function rollOut(scene: Scene, upgradeId: string): Promise<Status> {
  const seen: Seen = { commit: null }
  for (;;) {
    const stops = ({ status, holds }: Status): boolean =>
      status === 'paused' || holds.some(({ code }) => code === 'CONTINUE' || code === 'APPROVAL')
    const reader = { ...scene, call: scene.operator }
    const status = await follow(reader, `${component} ${after}`, upgradeId, stops, seen)
    if (status.completedAt !== null || status.status === 'paused') return status
    await agree(scene, status, seen)
  }
}

/** Says why the upgrade halted, takes back what it touched, and follows that to its end. */
export async function rollBack({ screen, operator, fleets }: Scene, halted: Status): Promise<Status> {
  const why = halted.holds.flatMap(({ ref }) => ref ?? []).join('; ')
  screen.say(`drydock     halted: ${why || halted.status}`)
  const child = await operator<{ message: string; upgradeId: string }>(
    'POST',
    `/api/upgrades/${halted.upgradeId}/rollback`,
  )
  screen.say(`operator-1  ${child.message}`)
  screen.say(`            upgrade ${child.upgradeId}`)
  const never = (): boolean => false
  const parent = await follow({ call: operator, screen, fleets }, 'stopping', halted.upgradeId, never)
  const end = await follow(
    { call: operator, screen, fleets },
    `back to ${before}`,
    child.upgradeId,
    ({ status }) => status === 'paused',
  )
  screen.say(`drydock     the upgrade is ${parent.status}, the rollback ${end.status}`)
  return end
}
