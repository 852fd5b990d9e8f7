import type { agentContracts } from '../../../contracts/agents.ts'
import { compatibilityOf } from '../../domain/release/compatibility.ts'
import { releaseAggregate, releaseId } from '../../domain/release/release.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import { signaturesOf } from '../releases/shown.ts'
import { whyWithheld } from './entitled.ts'
import { offeredNow } from './offered.ts'
import { reachFrom } from './reach.ts'

const nothingOffered = () => new Problem('nothing-offered', 'No update waits for this target.')

/** Answers with the manifest of the release that is offered, for its agent to verify by keys that it knows itself. */
export const getOfferedManifest: Operate<(typeof agentContracts)['getOfferedManifest']> = async (
  input,
  services,
) => {
  const { target, loaded } = await reachFrom(services, input).target(input.query.target)
  const offered = offeredNow(loaded.state, services.now())
  if (!offered) throw nothingOffered()
  const { attempt, component, to: version } = offered
  const { state } = await services.log.load(releaseAggregate, releaseId(component, version))
  const { signed, digest } = state
  if (await whyWithheld(services, target, loaded.state, compatibilityOf(signed))) throw nothingOffered()
  if (!signed) throw new Problem('release-not-found', `Nobody has signed ${component} ${version}.`)
  const signatures = signaturesOf(signed)
  return {
    ...{ status: 200, quiet: true },
    body: { target, attempt, component, version, digest, manifest: signed.manifest, signatures },
  }
}
