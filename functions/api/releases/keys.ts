import type { trustContracts } from '../../../contracts/trust.ts'
import { instantOf } from '../../../events/time.ts'
import { readPublicKey } from '../../domain/trust/public-key.ts'
import {
  registerKey as register,
  registerCertificate,
  releaseTrust,
  revokeKey as revoke,
  setThresholds,
  type TrustDecision,
  type TrustedKey,
  type TrustState,
  trustAggregate,
} from '../../domain/trust/trust.ts'
import { trustIn } from '../../facts/trust.ts'
import { patience } from '../../patience.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import type { Services } from '../services.ts'
import { certificateIn } from './certificate.ts'

type Contracts = typeof trustContracts

function shown(one: TrustedKey) {
  const { key, scheme, publicKey, keys, label, components, channels, registered, revoked } = one
  return {
    ...{ keyId: key, scheme, publicKey, label, components, channels },
    keys: keys.map(({ fingerprint, standing, expires }) => ({ fingerprint, standing, expires })),
    ...{ registeredBy: registered.by, registeredAt: registered.at, revoked },
  }
}

function shownTrust(
  { threshold, components }: TrustState,
  { unsignedReleases }: Pick<Services<'unsignedReleases'>, 'unsignedReleases'>,
) {
  return { threshold, components, unsignedReleases }
}

function shownKey({ keys }: TrustState, id: string | undefined) {
  const key = keys.find(({ key }) => key === id)
  if (!key) throw new Error(`Key ${id} is not in the state that its command has left.`)
  return shown(key)
}

/** Carries out a command on the trust in releases. */
async function command(input: Parameters<typeof metadataOf>[0], { log }: Services, decision: TrustDecision) {
  const trying = { retryFor: patience.person }
  const outcome = await log.execute(trustAggregate, releaseTrust, decision, metadataOf(input), trying)
  return { ...accepted(outcome), isNew: outcome.kind !== 'unchanged' }
}

/** Registers a public key, or a certificate of OpenPGP. */
export const registerKey: Operate<Contracts['registerKey']> = async (input, services) => {
  const { publicKey, ...scope } = input.body
  const isCertificate = publicKey.includes('BEGIN PGP') && !/PRIVATE KEY/.test(publicKey)
  const certificate = isCertificate ? await certificateIn(publicKey, instantOf(services.now())) : undefined
  const decision = certificate ? registerCertificate({ ...scope, certificate }) : register(input.body)
  const { state, commit, isNew } = await command(input, services, decision)
  const read = certificate ?? readPublicKey(publicKey)
  const body = shownKey(state, 'key' in read ? read.key : undefined)
  return { status: isNew ? 201 : 200, body, commit }
}

/** Lists all keys, from the log: whose word counts is told as it is now. */
export const listKeys: Operate<Contracts['listKeys']> = async (_input, { log }) => {
  const keys = (await trustIn(log)).keys.map(shown)
  return { status: 200, body: { keys, count: keys.length, nextCursor: null } }
}

/** Revokes a key. */
export const revokeKey: Operate<Contracts['revokeKey']> = async (input, services) => {
  const { key } = input.params
  const { reason, from } = input.body
  const decision = revoke({ key, reason, from: from && instantOf(from) })
  const { state, commit } = await command(input, services, decision)
  return { status: 200, body: shownKey(state, key), commit }
}

/** Says how many keys have to sign a release, and which key assigns attempts. */
export const getTrust: Operate<Contracts['getTrust'], 'unsignedReleases' | 'assignmentKey'> = async (
  _input,
  services,
) => {
  const [{ state, commit }, assignmentKey] = await Promise.all([
    services.log.load(trustAggregate, releaseTrust),
    services.assignmentKey(),
  ])
  const body = { ...shownTrust(state, services), assignmentKey }
  return { status: 200, body, ...(commit > 0 && { etag: commit }) }
}

/** Sets how many keys have to sign a release. */
export const setTrust: Operate<Contracts['setTrust'], 'unsignedReleases'> = async (input, services) => {
  const { state, commit } = await command(input, services, setThresholds(input.body))
  return { status: 200, body: shownTrust(state, services), commit, etag: commit }
}
