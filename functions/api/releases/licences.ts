import type { licenceContracts } from '../../../contracts/licences.ts'
import { instantOf } from '../../../events/time.ts'
import {
  type ComponentState,
  componentAggregate,
  setLicensing as decideLicensing,
} from '../../domain/component/component.ts'
import {
  defineLicence as decideDefinition,
  revokeLicence as decideRevocation,
  type LicenceState,
  licenceAggregate,
} from '../../domain/licence/licence.ts'
import { isEntitled } from '../../facts/entitlement.ts'
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

const nobody = { count: 0, atLeast: false }

/** So many targets are looked through for whoever says that they need a licence. */
const lookedThrough = 2000

/** Counts the targets that run a component, as the view has them, and that no licence entitles to its releases on any channel that needs one. */
async function unlicensed(
  { log, views, now }: Parameters<Operate<Contracts['setLicensing']>>[1],
  component: string,
  { channels }: NonNullable<ComponentState['licensing']>,
): Promise<{ readonly count: number; readonly atLeast: boolean }> {
  const known = new Map<string, Promise<boolean>>()
  const scopes = channels ?? [null]
  const entitled = async (licence: string) => {
    for (const channel of scopes)
      if (await isEntitled({ log, now }, licence, { component, channel })) return true
    return false
  }
  let [looked, count] = [0, 0]
  for await (const { retired, components, licence } of views.everyTarget()) {
    if (looked++ === lookedThrough) return { count, atLeast: true }
    if (retired !== null || !Object.hasOwn(components, component)) continue
    const id = licence?.id
    if (id !== undefined && !known.has(id)) known.set(id, entitled(id))
    if (id === undefined || !(await known.get(id))) count++
  }
  return { count, atLeast: false }
}

/** Says whether releases of a component need a licence, and whom that keeps from them. */
export const setLicensing: Operate<Contracts['setLicensing']> = async (input, services) => {
  const { log } = services
  const { component } = input.params
  const decision = decideLicensing(input.body)
  const { state, commit } = accepted(
    await log.execute(componentAggregate, component, decision, metadataOf(input)),
  )
  const { licensing } = state
  const withoutLicence = licensing ? await unlicensed(services, component, licensing) : nobody
  const channels = licensing?.channels ?? null
  const body = { component, required: licensing !== null, channels, withoutLicence }
  return { status: 200, body, commit, etag: commit }
}
