import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../views/random.ts'
import type { Person } from './person.ts'

/** The type of the instances that rollouts upgrade. */
export const platform = 'platform'

/** What the rollouts were. */
export interface RolledOut {
  rollouts: number
  approved: number
  paused: number
  continued: number
  takenBack: number
}

interface Status {
  readonly status: string
  readonly planHash: string | null
  readonly completedAt: string | null
  readonly holds: readonly { readonly code: string; readonly ref: string | null }[]
  readonly phases: readonly {
    readonly upgradeId: string | null
    readonly status: string
    readonly failed: number
    readonly holds: readonly { readonly code: string }[]
  }[]
}

/** What happens to one rollout: `midway` takes it back as soon as its second phase runs. */
interface Plot {
  readonly takeBack: 'never' | 'midway' | 'afterwards'
  readonly pause: boolean
}

const limits = {
  failureThreshold: { percent: 60 },
  unreachableThreshold: { percent: 100 },
  deadlines: { acceptSeconds: 3600, attemptSeconds: 3600, expectedSeconds: 60 },
}

/** Three phases: the second waits for the first and its rest, and in its middle for a person; the third waits for the second. */
function planOf(number: number, version: string, targets: readonly string[], required: number): object {
  const share = Math.ceil(targets.length / 3)
  const phase = (name: string, place: number, more: object) => ({
    ...{ name, component: 'api', version, ...limits, ...more },
    targets: { ids: targets.slice(place * share, (place + 1) * share) },
  })
  return {
    name: `platform ${number}`,
    approvals: { required },
    phases: [
      phase('databases', 0, { strategy: 'all', pauseSeconds: 30 }),
      phase('workers', 1, { strategy: 'canary', canaryPercent: 50, dependsOn: ['databases'] }),
      phase('front', 2, { strategy: 'all', dependsOn: ['workers'] }),
    ],
  }
}

/**
 * Rolls out one version after the other over three phases, until told to stop: approves and continues as a second person, pauses and resumes some on
 * the way, takes some back. The last one is followed to its end.
 */
export async function runRollouts(options: {
  readonly operator: Person
  readonly second: Person
  readonly random: Random
  readonly targets: readonly string[]
  enough(): boolean
}): Promise<RolledOut> {
  const { operator, second, random, targets, enough } = options
  const told: RolledOut = { rollouts: 0, approved: 0, paused: 0, continued: 0, takenBack: 0 }
  while (!enough() || told.takenBack === 0) {
    told.rollouts += 1
    // Older than what canaries roll out: profiles that follow the latest release pass it over.
    const version = `v0.${told.rollouts}.0`
    const digest = `sha256:${(1000 + told.rollouts).toString(16).padStart(64, '0')}`
    await operator.write('/api/v1/releases', { component: 'api', version, channel: 'stable', digest })
    const plan = planOf(told.rollouts, version, targets, random.pick([0, 1]))
    const { status, body } = await operator.write<{ readonly rolloutId: string }>('/api/v1/rollouts', plan)
    if (status !== 202) throw new Error(`rollout ${told.rollouts} was refused: ${JSON.stringify(body)}`)
    const takeBack = enough()
      ? 'afterwards'
      : random.pick(['never', 'never', 'midway', 'afterwards'] as const)
    await follow(body.rolloutId, { takeBack, pause: random.chance(0.5) })
  }
  return told

  async function follow(id: string, plot: Plot): Promise<void> {
    const path = `/api/v1/rollouts/${id}`
    let { pause } = plot
    for (;;) {
      const { body } = await operator.read<Status>(`${path}/status`)
      if (body.completedAt != null) break
      if (plot.takeBack === 'midway' && body.phases[1]?.upgradeId) break
      if (body.status === 'pending_approval') {
        const { status } = await second.write(`${path}/approve`, { planHash: body.planHash })
        if (status === 200) told.approved += 1
      } else if (body.status === 'in_progress' && pause) {
        pause = false
        const { status } = await operator.write(`${path}/pause`, { reason: 'to see that it holds' })
        if (status === 200) told.paused += 1
      } else if (body.status === 'paused') {
        await operator.write(`${path}/resume`, {})
      } else {
        await letGoOn(path, body)
      }
      await sleep(80)
    }
    if (plot.takeBack === 'never') return
    const { status, body } = await operator.write<{ readonly rolloutId: string }>(`${path}/rollback`, {
      reason: 'to see that it goes back',
    })
    if (status !== 202) return
    told.takenBack += 1
    // Its stream begins when no phase of the other runs any more.
    while ((await operator.read(`/api/v1/rollouts/${body.rolloutId}/status`)).status !== 200) await sleep(80)
    await follow(body.rolloutId, { takeBack: 'never', pause: false })
  }

  /** Gives what a phase waits for: somebody who continues after its canary, resumes it, or accepts how it ended. */
  async function letGoOn(path: string, { holds, phases }: Status): Promise<void> {
    for (const { upgradeId, status, failed, holds: ofPhase } of phases) {
      if (upgradeId === null) continue
      if (ofPhase.some(({ code }) => code === 'CONTINUE')) {
        const reply = await second.write(`/api/upgrades/${upgradeId}/continue`, {})
        if (reply.status === 200) told.continued += 1
      } else if (status === 'paused') {
        const acknowledge = { failed, unreachable: failed }
        await operator.write(`/api/upgrades/${upgradeId}/resume`, { acknowledge })
      }
    }
    for (const { code, ref } of holds) {
      if (code === 'PHASE_FAILED' || code === 'PHASE_OVERTAKEN')
        await operator.write(`${path}/continue`, { phase: ref, reason: 'it is looked after' })
    }
  }
}
