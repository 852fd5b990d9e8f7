import type { releaseContracts } from '../../../contracts/releases.ts'
import { instantOf } from '../../../events/time.ts'
import { componentAggregate, numberRelease, schemeOf } from '../../domain/component/component.ts'
import { freezePolicy, policyAggregate } from '../../domain/policy/policy.ts'
import { type Manifest, refuseManifest, sealed } from '../../domain/release/manifest.ts'
import {
  promoteRelease as promote,
  publishRelease,
  type ReleaseDecision,
  registerRelease as register,
  releaseAggregate,
  releaseId,
} from '../../domain/release/release.ts'
import { checkSignatures, type OfferedSignature } from '../../domain/release/signatures.ts'
import { distrustOf } from '../../domain/release/trusted.ts'
import type { VersionScheme } from '../../domain/version/scheme.ts'
import { judgesOf, trustIn } from '../../facts/trust.ts'
import { patience } from '../../patience.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { asProblem, Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { bodyOfState } from './shown.ts'

type Contracts = typeof releaseContracts
type Input = Parameters<Operate<Contracts['registerRelease'], 'unsignedReleases'>>[0]
type Body = Input['body']
type Numbering = Parameters<typeof numberRelease>[0]

/**
 * Returns the scheme of a release and its number, which its component gives out before the release is there: a crash in between costs a
 * number. One that is registered keeps what it has.
 */
async function placeOf(
  input: Input,
  { log }: Services,
  component: string,
  numbering: Numbering,
): Promise<{ readonly scheme: VersionScheme; readonly number: number }> {
  const { state: known } = await log.load(releaseAggregate, releaseId(component, numbering.version))
  if (known.registered) return { scheme: known.scheme, number: known.number }
  const { actor, correlation } = metadataOf(input)
  const { state } = accepted(
    await log.execute(
      componentAggregate,
      component,
      numberRelease(numbering),
      { actor, correlation },
      { retryFor: patience.person },
    ),
  )
  return { scheme: schemeOf(state), number: state.releases }
}

/** Returns how a manifest is published whose signatures suffice; throws the problem of what refuses it, and has stored nothing then. */
async function published(
  input: Input,
  services: Services,
  manifest: Manifest,
  signatures: readonly OfferedSignature[],
): Promise<ReleaseDecision> {
  const { log } = services
  const { component, version, channel, counter, minimumVersion = null, releaseNotes = null } = manifest
  const now = instantOf(services.now())
  const seal = sealed(manifest)
  const wrong = refuseManifest(manifest, seal, now)
  if (wrong) throw asProblem(wrong.rejected)
  const [trust, { state }] = await Promise.all([
    trustIn(log),
    log.load(releaseAggregate, releaseId(component, version)),
  ])
  const known = state.signed?.manifest === seal.text ? state.signed.signatures : []
  const checked = checkSignatures({ text: seal.text, component, channel }, signatures, trust, now, known)
  if ('rejected' in checked) throw asProblem(checked.rejected)
  const { digest, text } = seal
  const place = await placeOf(input, services, component, { version, counter: { channel, counter, digest } })
  const sizeBytes = Object.values(manifest.components).reduce((sum, { length }) => sum + length, 0)
  return publishRelease({
    ...{ component, version, channel, digest, sizeBytes },
    notes: releaseNotes,
    ...place,
    renewed: checked.renewed,
    signed: {
      ...{ manifest: text, signatures: checked.signatures, counter, minimumVersion },
      expires: instantOf(manifest.expires),
    },
  })
}

async function registered(
  input: Input,
  services: Services<'unsignedReleases'>,
  body: Exclude<Body, { readonly manifest: unknown }>,
): Promise<ReleaseDecision> {
  if (services.unsignedReleases !== 'allowed') {
    const detail =
      'Nobody has signed the release, and this deployment refuses such releases: send its manifest with signatures. A digest is a checksum, and proves nothing about who made it.'
    const fields = [{ field: 'signatures', value: '', expected: 'signatures over the manifest' }]
    throw asProblem({ code: 'release-unsigned', detail, fields })
  }
  return register({ ...body, ...(await placeOf(input, services, body.component, { version: body.version })) })
}

/** Publishes a release: a manifest with its signatures, or, where the deployment allows that, one that nobody has signed. */
export const registerRelease: Operate<Contracts['registerRelease'], 'unsignedReleases'> = async (
  input,
  services,
) => {
  const { body } = input
  const { component, version } = 'manifest' in body ? body.manifest : body
  const decision =
    'manifest' in body
      ? await published(input, services, body.manifest, body.signatures)
      : await registered(input, services, body)
  const outcome = await services.log.execute(
    releaseAggregate,
    releaseId(component, version),
    decision,
    metadataOf(input),
  )
  const { state, commit } = accepted(outcome)
  // A repeat of the same request gets the same answer as its first time.
  const isNew =
    outcome.kind === 'committed'
      ? outcome.events.some(({ type }) => type === 'ReleaseRegistered')
      : outcome.kind !== 'unchanged'
  const location = `/api/v1/releases/${component}/${version}`
  return { status: isNew ? 201 : 200, body: bodyOfState(state), commit, etag: commit, location }
}

/** Puts a release on another channel, if enough of those have signed it who may sign for that one. */
export const promoteRelease: Operate<Contracts['promoteRelease']> = async (input, { log, now }) => {
  const { params, body } = input
  const id = releaseId(params.component, params.version)
  const [{ state: release }, { state: policy }] = await Promise.all([
    log.load(releaseAggregate, id),
    log.load(policyAggregate, freezePolicy),
  ])
  const judges = await judgesOf(log, release, policy)
  const distrust = distrustOf({ ...release, channel: body.channel }, judges, instantOf(now()))
  if (distrust) throw new Problem(distrust.code, `It is not put on ${body.channel}: ${distrust.words}.`)
  const outcome = await log.execute(releaseAggregate, id, promote(body), metadataOf(input))
  const { state, commit } = accepted(outcome)
  return { status: 200, body: bodyOfState(state), commit, etag: commit }
}
