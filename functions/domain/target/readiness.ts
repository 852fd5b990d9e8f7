import { hour } from '../../../events/time.ts'

/** A target must have been heard of within so long: four times the six hours after which a client asks by itself (M4), in milliseconds. */
export const heardWithin = 24 * hour

/**
 * Is a target ready to be handed an attempt? It is when its own agent or its gateway's was heard of in the last 24 hours. `lastSeen` are
 * the instants of both, as far as there are any: who was never heard of is not ready.
 */
export function isReady(lastSeen: readonly (string | undefined)[], now: string): boolean {
  const since = Date.parse(now) - heardWithin
  return lastSeen.some((instant) => instant !== undefined && Date.parse(instant) >= since)
}
