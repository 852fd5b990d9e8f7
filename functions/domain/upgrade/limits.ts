import { systemActor } from '../actor.ts'
import { allowedFailures, waveRange } from '../plan/waves.ts'
import type { Draft } from './draft.ts'
import { type BetweenWaves, hasBegun, type InWave, type LimitKind } from './state.ts'

/** Returns how many failures, or unreachable members, the present wave or the whole upgrade bears: a share of those that were not skipped. */
export function limitOf({ plan, request, wave, standing }: InWave | BetweenWaves, kind: LimitKind): number {
  if (kind === 'budget') {
    const { budget } = request
    return budget ? allowedFailures(budget, plan.members, standing.counts.skipped) : plan.members
  }
  const { from, to } = waveRange(plan.waves, plan.members, wave.number)
  return allowedFailures(request[kind], to - from, wave.skippedBefore + wave.counts.skipped)
}

/** Returns how many failures, or unreachable members, of the present wave or of the whole upgrade no operator has accepted yet. */
export function unacknowledged(state: InWave | BetweenWaves, kind: LimitKind): number {
  const { counts, acknowledged } = state.wave
  switch (kind) {
    case 'failures':
      return counts.failed - acknowledged.failed
    case 'unreachable':
      return counts.unreachable - acknowledged.unreachable
    case 'budget':
      return state.standing.counts.failed - state.acknowledgedFailures
  }
}

const kinds = ['failures', 'budget', 'unreachable'] as const

/** Is any limit exceeded, with what nobody has acknowledged? */
export function exceedsLimits(state: InWave | BetweenWaves): boolean {
  return kinds.some((kind) => unacknowledged(state, kind) > limitOf(state, kind))
}

const words: Readonly<Record<LimitKind, (wave: number) => string>> = {
  failures: (wave) => `failed in wave ${wave + 1}`,
  unreachable: (wave) => `unreachable in wave ${wave + 1}`,
  budget: () => 'failed in the whole upgrade',
}

/**
 * Acts on limits that are exceeded: failures **above** what is allowed, those an operator accepted left out. Each is told once, until somebody
 * acknowledges it. A pause is in nobody's way: what the request says follows all the same (design: #failures-borne).
 */
export function checkLimits(draft: Draft): void {
  for (const kind of kinds) {
    const { state } = draft
    if (!hasBegun(state) || state.abort) return
    if (state.breached.includes(kind)) continue
    const allowed = limitOf(state, kind)
    const count = unacknowledged(state, kind)
    if (count <= allowed) continue
    const action = kind === 'unreachable' ? 'pause' : state.request.failures.action
    const wave = state.wave.number
    draft.add({ type: 'ThresholdBreached', data: { wave, kind, count, allowed, action } })
    const reason = `${count} ${words[kind](wave)}, ${allowed} allowed`
    if (action === 'pause') draft.add({ type: 'UpgradePaused', data: { by: systemActor, reason } })
    else
      draft.add({
        type: 'AbortRequested',
        data: { by: systemActor, reason, rollBack: action === 'rollback' },
      })
  }
}
