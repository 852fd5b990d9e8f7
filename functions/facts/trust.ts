import type { PolicyState } from '../domain/policy/policy.ts'
import type { ReleaseState } from '../domain/release/release.ts'
import type { Judges } from '../domain/release/trusted.ts'
import { releaseTrust, type TrustState, trustAggregate } from '../domain/trust/trust.ts'
import type { Log } from '../log/log.ts'

/** Returns whose word about releases counts, read strongly. */
export async function trustIn(log: Log): Promise<TrustState> {
  return (await log.load(trustAggregate, releaseTrust)).state
}

/** Returns who judges a release, read strongly; nobody is asked about one that nobody has signed, which saves a read. */
export async function judgesOf(
  log: Log,
  { signed }: Pick<ReleaseState, 'signed'>,
  { unsigned }: Pick<PolicyState, 'unsigned'>,
): Promise<Judges> {
  return { trust: signed ? await trustIn(log) : trustAggregate.initial, unsigned }
}
