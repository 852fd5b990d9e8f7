import { systemActor } from '../actor.ts'
import { allowedFailures, waveRange } from '../plan/waves.ts'
import type { Draft } from './draft.ts'
import { type BetweenWaves, hasBegun, type InWave } from './state.ts'

/** What a wave bears a share of; each has a limit of its own. */
type Kind = 'failures' | 'unreachable'

/** Returns how many failures, or unreachable members, the present wave bears: a share of those that were not skipped. */
export function limitOf({ plan, request, wave }: InWave | BetweenWaves, kind: Kind): number {
  const { from, to } = waveRange(plan.waves, plan.members, wave.number)
  return allowedFailures(request[kind], to - from, wave.skippedBefore + wave.counts.skipped)
}

/** Returns how many failures, or unreachable members, of the present wave no operator has accepted yet. */
export function unacknowledged(
  { wave: { counts, acknowledged } }: InWave | BetweenWaves,
  kind: Kind,
): number {
  return kind === 'failures'
    ? counts.failed - acknowledged.failed
    : counts.unreachable - acknowledged.unreachable
}

/** Acts on a limit that is exceeded: failures **above** what is allowed, those an operator accepted left out. */
export function checkLimits(draft: Draft): void {
  for (const kind of ['failures', 'unreachable'] as const) {
    const { state } = draft
    if (!hasBegun(state) || state.standing.status !== 'running') return
    const allowed = limitOf(state, kind)
    const count = unacknowledged(state, kind)
    if (count <= allowed) continue
    const action = kind === 'failures' ? state.request.failures.action : 'pause'
    const wave = state.wave.number
    draft.add({ type: 'ThresholdBreached', data: { wave, kind, count, allowed, action } })
    const reason = `${count} ${kind === 'failures' ? 'failed' : 'unreachable'} in wave ${wave + 1}, ${allowed} allowed`
    if (action === 'pause') draft.add({ type: 'UpgradePaused', data: { by: systemActor, reason } })
    else
      draft.add({
        type: 'AbortRequested',
        data: { by: systemActor, reason, rollBack: action === 'rollback' },
      })
  }
}
