import { componentContracts } from '../../contracts/components.ts'
import { releaseContracts } from '../../contracts/releases.ts'
import { componentAggregate, numberRelease, schemeOf } from '../domain/component/component.ts'
import {
  freeRelease,
  type ReleaseDecision,
  registerRelease,
  releaseAggregate,
  releaseId,
  withdrawRelease,
} from '../domain/release/release.ts'
import type { VersionScheme } from '../domain/version/scheme.ts'
import { patience } from '../patience.ts'
import type { ReleaseRow } from '../views/rows.ts'
import { type Answer, accepted, metadataOf } from './http/answer.ts'
import { endpoint, type Operate } from './http/endpoint.ts'
import { pageOf } from './http/page.ts'
import { Problem } from './http/problem.ts'
import { getComponent, listComponents, setComponentScheme } from './releases/components.ts'
import type { ReceptionOfPeople, Services } from './services.ts'

function bodyOf(release: Omit<ReleaseRow, 'registeredAt' | 'scheme' | 'number'>) {
  const { component, version, channel, digest, notes, sizeBytes = null, withdrawn, heldBack } = release
  return {
    ...{ component, version, channel, digest, notes, sizeBytes },
    withdrawn: withdrawn && { reason: withdrawn.reason },
    heldBack: heldBack && {
      reason: heldBack.reason,
      upgradeId: heldBack.upgrade,
      since: heldBack.since,
    },
  }
}

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
  return { status: 200, body: bodyOf(state), commit, etag: commit }
}

type Register = Parameters<Operate<(typeof releaseContracts)['registerRelease']>>

/**
 * Returns the scheme of a release and its number, which its component gives out before the release is there: a crash in between costs a
 * number. One that is registered keeps what it has.
 */
async function placeOf(
  input: Register[0],
  { log }: Register[1],
): Promise<{ readonly scheme: VersionScheme; readonly number: number }> {
  const { component, version } = input.body
  const { state: known } = await log.load(releaseAggregate, releaseId(component, version))
  if (known.registered) return { scheme: known.scheme, number: known.number }
  const { actor, correlation } = metadataOf(input)
  const { state } = accepted(
    await log.execute(
      componentAggregate,
      component,
      numberRelease({ version }),
      { actor, correlation },
      { retryFor: patience.person },
    ),
  )
  return { scheme: schemeOf(state), number: state.releases }
}

/** Returns the handler of the release catalogue. */
export function releasesEndpoint(services: Services & ReceptionOfPeople) {
  return endpoint(
    'releases',
    { ...releaseContracts, ...componentContracts },
    {
      async registerRelease(input, services) {
        const { component, version } = input.body
        const outcome = await services.log.execute(
          releaseAggregate,
          releaseId(component, version),
          registerRelease({ ...input.body, ...(await placeOf(input, services)) }),
          metadataOf(input),
        )
        const { state, commit } = accepted(outcome)
        // A repeat of the same request gets the same answer as its first time.
        const status = outcome.kind === 'unchanged' ? 200 : 201
        const location = `/api/v1/releases/${component}/${version}`
        return { status, body: bodyOf(state), commit, etag: commit, location }
      },
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
        return { status: 200, body: bodyOf(state), etag: commit }
      },
      withdrawRelease: (input, reached) => command(input, reached, withdrawRelease(input.body)),
      freeRelease: (input, reached) =>
        command(input, reached, freeRelease({ by: input.principal.id, reason: input.body.reason })),
      setComponentScheme,
      listComponents,
      getComponent,
    },
    services,
  )
}
