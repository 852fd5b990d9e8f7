import { sha256 } from '../../events/canonical.ts'
import { hasSignedDetached, readDetached } from '../../events/openpgp-signature.ts'
import type { PolicyEvent } from '../../events/policy.ts'
import type { ReleaseEvent } from '../../events/release.ts'
import { hasSigned } from '../../events/signed.ts'
import { after } from '../../events/time.ts'
import type { TrustEvent } from '../../events/trust.ts'

/** What happened to a release or to trust in one, the oldest first. */
interface Happened<Event> {
  readonly at: string
  readonly event: Event
}

export type TrustStory = readonly Happened<TrustEvent>[]
export type PolicyStory = readonly Happened<PolicyEvent>[]
export type ReleaseStory = readonly Happened<ReleaseEvent>[]

/** Returns what was told in a stream, event by event. */
export function storyOf<Event>(
  commits: readonly { readonly at: string; readonly told: readonly Event[] }[],
): Happened<Event>[] {
  return commits.flatMap(({ at, told }) => told.map((event) => ({ at, event })))
}

type DataOf<Union extends { type: string; data: unknown }, Type extends Union['type']> = Extract<
  Union,
  { type: Type }
>['data']

/** Yields the data of events of one type, with when they were told. */
function* those<Union extends { readonly type: string; readonly data: unknown }, Type extends Union['type']>(
  story: readonly Happened<Union>[],
  type: Type,
): Generator<{ readonly at: string; readonly data: DataOf<Union, Type> }> {
  for (const { at, event } of story)
    if (event.type === type) yield { at, data: event.data as DataOf<Union, Type> } // its type was asked just now
}

/** How many keys were asked for at an instant, and for `leeway` milliseconds before: the lowest number counts. */
function thresholdAt(trust: TrustStory, component: string, at: string, leeway: number): number {
  let inForce = 1
  let lowest = Number.POSITIVE_INFINITY
  for (const { at: since, data } of those(trust, 'ThresholdsSet')) {
    if (since > at) break
    if (since > after(at, -leeway)) lowest = Math.min(lowest, inForce)
    inForce = new Map(Object.entries(data.components)).get(component) ?? data.threshold
  }
  return Math.min(lowest, inForce)
}

/** Had one of the keys of a certificate signed a text, that signs by it and had not expired at an instant? */
function hasCertified(
  { keys }: DataOf<TrustEvent, 'CertificateRegistered'>,
  text: string,
  signature: string,
  at: string,
): boolean {
  const read = readDetached(signature)
  if ('code' in read) return false
  const key = keys.find(({ fingerprint }) => fingerprint === read.issuer)
  if (key?.standing !== 'signs' || key.publicKey === null || read.made < key.created) return false
  return (key.expires === null || key.expires > at) && hasSignedDetached(key.publicKey, text, read)
}

/**
 * Returns why nobody should have been sent to a release at an instant, by who had signed it and whose word counted then; undefined: somebody might.
 * What was said within the `leeway` before, in milliseconds, need not have been heard. `back`: it is where the target was before.
 */
export function distrustAt(
  release: ReleaseStory,
  { trust, policy }: { readonly trust: TrustStory; readonly policy: PolicyStory },
  asked: { readonly at: string; readonly back: boolean; readonly leeway: number },
): string | undefined {
  const { at, back, leeway } = asked
  const heard = after(at, -leeway)
  let registered: DataOf<ReleaseEvent, 'ReleaseRegistered'> | undefined
  let sealed: DataOf<ReleaseEvent, 'ManifestSigned'> | undefined
  let blocked: string | undefined
  for (const { at: since, event } of release) {
    if (event.type === 'ReleaseRegistered') registered = event.data
    if (event.type === 'ManifestSigned') sealed = event.data
    if (event.type === 'ReleaseBlocked' && since <= heard) blocked = event.data.reason
    if (event.type === 'ReleaseUnblocked' && since <= at) blocked = undefined
  }
  if (!registered) return undefined
  if (blocked !== undefined && !back) return `it was blocked: ${blocked}`
  if (!sealed) {
    let refused = false
    for (const { at: since, data } of those(policy, 'UnsignedReleasesJudged'))
      if (since <= (data.allowed ? at : heard)) refused = !data.allowed
    return refused ? 'nobody had signed it' : undefined
  }
  const { manifest, expires } = sealed
  if (!back && expires <= heard) return `it had expired at ${expires}`
  if (`sha256:${sha256(manifest)}` !== registered.digest) return 'its manifest is not the one of its digest'
  const promotions = [...those(release, 'ReleasePromoted')].filter(({ at: since }) => since <= at)
  const channel = promotions.at(-1)?.data.channel ?? registered.channel
  const signatures = [
    ...sealed.signatures,
    ...[...those(release, 'SignaturesAdded')]
      .filter(({ at: since }) => since <= at)
      .flatMap(({ data }) => data.signatures),
  ]
  const counting = new Set<string>()
  for (const { at: since, event } of trust) {
    if (event.type !== 'KeyRegistered' && event.type !== 'CertificateRegistered') continue
    const { type, data: key } = event
    if (since > at) continue
    if (key.components && !key.components.includes(registered.component)) continue
    if (key.channels && !key.channels.includes(channel)) continue
    const revoked = [...those(trust, 'KeyRevoked')].some(
      ({ at: told, data }) => data.key === key.key && told <= heard && data.from <= heard,
    )
    if (revoked) continue
    const own = signatures.filter((one) => one.key === key.key)
    const hasIt =
      type === 'KeyRegistered'
        ? own.some(({ signature }) => hasSigned(event.data.publicKey, manifest, signature))
        : own.some(({ signature }) => hasCertified(event.data, manifest, signature, heard))
    if (hasIt) counting.add(key.key)
  }
  const needed = thresholdAt(trust, registered.component, at, leeway)
  return counting.size < needed ? `${counting.size} of ${needed} keys had signed it that counted` : undefined
}
