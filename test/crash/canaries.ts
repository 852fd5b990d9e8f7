import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../views/random.ts'
import type { Person } from './person.ts'

const component = 'api'
export const firstVersion = 'v1.0.0'

interface Status {
  readonly status: string
  readonly failed: number
  readonly unreachable: number
  readonly holds: readonly { readonly code: string }[]
  readonly completedAt: string | null
}

/** What happens to one canary: `midway` aborts it where it waits for a person. */
interface Plot {
  readonly takeBack: 'never' | 'midway' | 'afterwards'
  readonly pause: boolean
}

/** What the canaries were, in the order in which they were asked for. */
export interface Told {
  canaries: number
  continued: number
  paused: number
  rolledBack: number
}

/** The type of the instances that canaries upgrade; those of profiles are of another one. */
export const customers = 'customer-instance'

/** Registers instances of one type as the operator; returns each target's one-time enrolment token. */
export async function registerFleet(
  operator: Person,
  type: string,
  ids: readonly string[],
): Promise<{ readonly id: string; readonly enrolment: string }[]> {
  const enrolled: { id: string; enrolment: string }[] = []
  for (const id of ids) {
    const { status, body } = await operator.write<{ readonly enrolmentToken?: string }>('/api/v1/targets', {
      id,
      type,
      components: { [component]: firstVersion },
      enrol: true,
    })
    if (status !== 201 || !body.enrolmentToken)
      throw new Error(`${id} was not registered: ${JSON.stringify(body)}`)
    enrolled.push({ id, enrolment: body.enrolmentToken })
  }
  return enrolled
}

/**
 * Rolls out one version after the other by canary, until told to stop: continues as a second person, pauses and resumes some on the
 * way, takes some back. The last one is followed to its end.
 */
export async function runCanaries(options: {
  readonly operator: Person
  readonly second: Person
  readonly random: Random
  enough(): boolean
}): Promise<Told> {
  const { operator, second, random, enough } = options
  const told: Told = { canaries: 0, continued: 0, paused: 0, rolledBack: 0 }
  while (!enough() || told.rolledBack === 0) {
    told.canaries += 1
    const version = `v1.${told.canaries}.0`
    const digest = `sha256:${told.canaries.toString(16).padStart(64, '0')}`
    await operator.write('/api/v1/releases', { component, version, channel: 'stable', digest })
    const { status, body } = await operator.write<{ readonly upgradeId: string }>('/api/upgrades/deploy', {
      component,
      version,
      strategy: 'canary',
      canaryPercent: random.pick([10, 20, 50]),
      failureThreshold: { percent: 60 },
      unreachableThreshold: { percent: 100 },
      deadlines: { acceptSeconds: 3600, attemptSeconds: 3600, expectedSeconds: 60 },
      targets: { types: [customers] },
      reason: `canary ${told.canaries}`,
    })
    if (status !== 202) throw new Error(`canary ${told.canaries} was refused: ${JSON.stringify(body)}`)
    const takeBack = enough()
      ? 'afterwards'
      : random.pick(['never', 'never', 'midway', 'afterwards'] as const)
    await follow(body.upgradeId, { takeBack, pause: random.chance(0.5) })
  }
  return told

  async function follow(id: string, plot: Plot): Promise<void> {
    const path = `/api/upgrades/${id}`
    let { pause } = plot
    for (;;) {
      const { body } = await operator.read<Status>(`${path}/status`)
      if (body.completedAt != null) break
      if (body.status === 'in_progress' && pause) {
        pause = false
        const { status } = await operator.write(`${path}/pause`, { reason: 'to see that it holds' })
        if (status === 200) told.paused += 1
      } else if (body.status === 'paused') {
        const { failed, unreachable } = body
        await operator.write(`${path}/resume`, { acknowledge: { failed, unreachable } })
      } else if (body.holds?.some(({ code }) => code === 'CONTINUE')) {
        if (plot.takeBack === 'midway') break
        const { status } = await second.write(`${path}/continue`, {})
        if (status === 200) told.continued += 1
      }
      await sleep(80)
    }
    if (plot.takeBack === 'never') return
    const { status, body } = await operator.write<{ readonly upgradeId: string }>(`${path}/rollback`, {
      reason: 'to see that it goes back',
    })
    if (status !== 202) return
    told.rolledBack += 1
    await follow(body.upgradeId, { takeBack: 'never', pause: false })
  }
}
