import { lossesBorne } from '../plan/rolling.ts'
import { allowedFailures, waveRange } from '../plan/waves.ts'
import { lossesOf } from './counts.ts'
import type { BetweenWaves, InWave, LimitKind } from './state.ts'

/**
 * Returns how many members are out of service and in nobody's hands: they failed and have not taken themselves back, or were unreachable. Those that somebody
 * has acknowledged are left out (design: #rolling).
 */
function unacknowledgedLosses({ standing, acknowledgedLosses }: InWave | BetweenWaves): number {
  return lossesOf(standing.counts) - acknowledgedLosses
}

/** Returns how many failures, or unreachable members, the present wave or the whole upgrade bears: a share of those that were not skipped. */
export function limitOf({ plan, request, wave, standing }: InWave | BetweenWaves, kind: LimitKind): number {
  if (kind === 'unavailable') return plan.rolling ? lossesBorne(plan.rolling) : plan.members
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
    case 'unavailable':
      return unacknowledgedLosses(state)
  }
}

/** What is looked at, in this order: of what exceeds its limit each is told. */
export const limitKinds = [
  'failures',
  'budget',
  'unreachable',
  'unavailable',
] as const satisfies readonly LimitKind[]

/** Is anybody left whom the upgrade may yet take out of service? */
function hasOthers({ chunks, plan, wave }: InWave | BetweenWaves): boolean {
  return chunks.cursor < plan.members || wave.counts.retrying + wave.counts.deferred > 0
}

/** Is a limit exceeded, with what nobody has acknowledged? What may be unavailable binds those alone who are still to come. */
export function exceeds(state: InWave | BetweenWaves, kind: LimitKind): boolean {
  if (unacknowledged(state, kind) <= limitOf(state, kind)) return false
  return kind !== 'unavailable' || hasOthers(state)
}

/** Is any limit exceeded, with what nobody has acknowledged? */
export function exceedsLimits(state: InWave | BetweenWaves): boolean {
  return limitKinds.some((kind) => exceeds(state, kind))
}

/** Do members that are lost, and those that wait for another try, use up what may be unavailable? Then nobody else is taken out of service. */
export function usesUp(state: InWave | BetweenWaves): boolean {
  return unacknowledged(state, 'unavailable') + state.standing.counts.retrying > limitOf(state, 'unavailable')
}

/** May nobody new be admitted, since failures and waiting retries exceed what the wave bears, or use up what may be unavailable? */
export function isHalted(state: InWave | BetweenWaves): boolean {
  const failing = unacknowledged(state, 'failures') + state.standing.counts.retrying
  return failing > limitOf(state, 'failures') || usesUp(state)
}
