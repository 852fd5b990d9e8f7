import { releaseTrust, type TrustState, trustAggregate } from '../domain/trust/trust.ts'
import type { Log } from '../log/log.ts'

/** Returns whose word about releases counts, read strongly. */
export async function trustIn(log: Log): Promise<TrustState> {
  return (await log.load(trustAggregate, releaseTrust)).state
}
