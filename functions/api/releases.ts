import { componentContracts } from '../../contracts/components.ts'
import { licenceContracts } from '../../contracts/licences.ts'
import { releaseContracts } from '../../contracts/releases.ts'
import { trustContracts } from '../../contracts/trust.ts'
import {
  blockRelease,
  freeRelease,
  type ReleaseDecision,
  releaseAggregate,
  releaseId,
  unblockRelease,
  withdrawRelease,
} from '../domain/release/release.ts'
import { type Answer, accepted, metadataOf } from './http/answer.ts'
import { endpoint } from './http/endpoint.ts'
import { pageOf } from './http/page.ts'
import { Problem } from './http/problem.ts'
import { getComponent, listComponents, setComponentScheme } from './releases/components.ts'
import { getTrust, listKeys, registerKey, revokeKey, setTrust } from './releases/keys.ts'
import { defineLicence, getLicence, listLicences, revokeLicence, setLicensing } from './releases/licences.ts'
import { promoteRelease, registerRelease } from './releases/publish.ts'
import { bodyOf, bodyOfState, signaturesOf } from './releases/shown.ts'
import { getVerdicts, postVerdict } from './releases/verdicts.ts'
import type { ReceptionOfPeople, Services } from './services.ts'

type Commanded = Parameters<typeof metadataOf>[0] & {
  readonly params: { readonly component: string; readonly version: string }
}

/** Carries out a command on a release, and answers with what it is now. */
async function command(input: Commanded, { log }: Services, decision: ReleaseDecision): Promise<Answer> {
  const { component, version } = input.params
  const outcome = await log.execute(
    releaseAggregate,
    releaseId(component, version),
    decision,
    metadataOf(input),
  )
  const { state, commit } = accepted(outcome)
  return { status: 200, body: bodyOfState(state), commit, etag: commit }
}

/** Returns the handler of the release catalogue. */
export function releasesEndpoint(
  services: Services<'unsignedReleases' | 'assignmentKey'> & ReceptionOfPeople,
) {
  return endpoint(
    'releases',
    { ...releaseContracts, ...componentContracts, ...trustContracts, ...licenceContracts },
    {
      registerRelease,
      async listReleases({ query }, { views }) {
        const { limit, cursor, component, channel } = query
        const { rows, nextCursor } = await pageOf(views.listReleases({ limit, cursor, component, channel }))
        const releases = rows.map((row) => ({ ...bodyOf(row), registeredAt: row.registeredAt }))
        return { status: 200, body: { releases, count: rows.length, nextCursor } }
      },
      async getRelease({ params }, { log }) {
        const { state, commit } = await log.load(
          releaseAggregate,
          releaseId(params.component, params.version),
        )
        if (!state.registered) throw new Problem('release-not-found', 'No such release is registered.')
        return { status: 200, body: bodyOfState(state), etag: commit }
      },
      async getManifest({ params }, { log }) {
        const { state, commit } = await log.load(
          releaseAggregate,
          releaseId(params.component, params.version),
        )
        const { signed, digest } = state
        if (!signed) throw new Problem('release-not-found', 'No such release is signed.')
        const body = { digest, manifest: JSON.parse(signed.manifest), signatures: signaturesOf(signed) }
        return { status: 200, body, etag: commit }
      },
      postVerdict,
      getVerdicts,
      promoteRelease,
      blockRelease: (input, reached) => command(input, reached, blockRelease(input.body)),
      unblockRelease: (input, reached) => command(input, reached, unblockRelease(input.body)),
      withdrawRelease: (input, reached) => command(input, reached, withdrawRelease(input.body)),
      freeRelease: (input, reached) =>
        command(input, reached, freeRelease({ by: input.principal.id, reason: input.body.reason })),
      setComponentScheme,
      listComponents,
      getComponent,
      registerKey,
      listKeys,
      revokeKey,
      getTrust,
      setTrust,
      defineLicence,
      listLicences,
      getLicence,
      revokeLicence,
      setLicensing,
    },
    services,
  )
}
