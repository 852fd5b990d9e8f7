import type { UpgradeEvent } from '../../../events/upgrade.ts'
import type { breachActions } from '../../../events/words.ts'
import { systemActor } from '../actor.ts'
import type { Draft } from './draft.ts'
import { exceeds, limitKinds, limitOf, unacknowledged } from './limits.ts'
import { hasBegun, type LimitKind } from './state.ts'

const words: Readonly<Record<LimitKind, (wave: number) => string>> = {
  failures: (wave) => `failed in wave ${wave + 1}`,
  unreachable: (wave) => `unreachable in wave ${wave + 1}`,
  budget: () => 'failed in the whole upgrade',
  unavailable: () => 'failed or unreachable in the whole upgrade',
}

/** Returns how an upgrade is halted of its own accord, as its request says. */
export function haltBy(action: (typeof breachActions)[number], reason: string): UpgradeEvent {
  if (action === 'pause') return { type: 'UpgradePaused', data: { by: systemActor, reason } }
  return { type: 'AbortRequested', data: { by: systemActor, reason, rollBack: action === 'rollback' } }
}

/**
 * Acts on limits that are exceeded: failures **above** what is allowed, those an operator accepted left out. Each is told once, until somebody
 * acknowledges it. A pause is in nobody's way: what the request says follows all the same (design: #failures-borne).
 */
export function checkLimits(draft: Draft): void {
  for (const kind of limitKinds) {
    const { state } = draft
    if (!hasBegun(state) || state.abort) return
    if (state.breached.includes(kind)) continue
    if (!exceeds(state, kind)) continue
    const allowed = limitOf(state, kind)
    const count = unacknowledged(state, kind)
    const pauses = kind === 'unreachable' || kind === 'unavailable'
    const action = pauses ? 'pause' : state.request.failures.action
    const wave = state.wave.number
    draft.add({ type: 'ThresholdBreached', data: { wave, kind, count, allowed, action } })
    const reason = `${count} ${words[kind](wave)}, ${allowed} allowed`
    draft.add(haltBy(action, reason))
  }
}
