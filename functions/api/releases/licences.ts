import type { licenceContracts } from '../../../contracts/licences.ts'
import { instantOf } from '../../../events/time.ts'
import { componentAggregate, setLicensing as decideLicensing } from '../../domain/component/component.ts'
import {
  defineLicence as decideDefinition,
  revokeLicence as decideRevocation,
  type LicenceState,
  licenceAggregate,
} from '../../domain/licence/licence.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { pageOf } from '../http/page.ts'
import { Problem } from '../http/problem.ts'

type Contracts = typeof licenceContracts

function shown(licence: string, { terms, label, revoked }: LicenceState) {
  if (!terms) throw new Problem('licence-not-found', 'No such licence is defined.')
  return { licence, label, ...terms, revoked }
}

/** Defines a licence, or what it entitles to from now on. */
export const defineLicence: Operate<Contracts['defineLicence']> = async (input, { log }) => {
  const { licence } = input.params
  const { label, components, channels, expires } = input.body
  const terms = { components, channels, expires: expires && instantOf(expires) }
  const decision = decideDefinition({ ...terms, label })
  const outcome = await log.execute(licenceAggregate, licence, decision, metadataOf(input))
  const { state, commit } = accepted(outcome)
  const location = `/api/v1/licences/${licence}`
  const status = outcome.kind !== 'unchanged' && commit === 1 ? 201 : 200
  return { status, body: shown(licence, state), commit, etag: commit, location }
}

/** Lists licences from the view. */
export const listLicences: Operate<Contracts['listLicences']> = async ({ query }, { views }) => {
  const { rows, nextCursor } = await pageOf(views.listLicences(query))
  return { status: 200, body: { licences: rows, count: rows.length, nextCursor } }
}

/** Reads a licence from its stream. */
export const getLicence: Operate<Contracts['getLicence']> = async ({ params: { licence } }, { log }) => {
  const { state, commit } = await log.load(licenceAggregate, licence)
  return { status: 200, body: shown(licence, state), etag: commit }
}

/** Revokes a licence. */
export const revokeLicence: Operate<Contracts['revokeLicence']> = async (input, { log }) => {
  const { licence } = input.params
  const decision = decideRevocation(input.body)
  const { state, commit } = accepted(
    await log.execute(licenceAggregate, licence, decision, metadataOf(input)),
  )
  return { status: 200, body: shown(licence, state), commit, etag: commit }
}

/** Says whether releases of a component need a licence. */
export const setLicensing: Operate<Contracts['setLicensing']> = async (input, { log }) => {
  const { component } = input.params
  const decision = decideLicensing(input.body)
  const { state, commit } = accepted(
    await log.execute(componentAggregate, component, decision, metadataOf(input)),
  )
  const { licensing } = state
  const body = { component, required: licensing !== null, channels: licensing?.channels ?? null }
  return { status: 200, body, commit, etag: commit }
}
