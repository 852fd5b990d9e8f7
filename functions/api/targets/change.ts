import type { targetContracts } from '../../../contracts/targets.ts'
import { instantOf } from '../../../events/time.ts'
import { licenceAggregate } from '../../domain/licence/licence.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { holdLicence } from '../../domain/target/licence.ts'
import {
  issueEnrolment as decideEnrolment,
  patchTarget as decidePatch,
  pinTarget as decidePin,
  retireTarget as decideRetirement,
  unpinTarget as decideUnpin,
} from '../../domain/target/registration.ts'
import type { TargetDecision } from '../../domain/target/state.ts'
import { refuseGateway } from '../../facts/gateways.ts'
import { type Answer, accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { asProblem, Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { newEnrolment } from './credential.ts'
import { heardOf, targetBody } from './read.ts'

type Contracts = typeof targetContracts
type Request = Parameters<typeof metadataOf>[0] & { readonly params: { readonly id: string } }

async function change(
  request: Request,
  { log, telemetry }: Services<'telemetry'>,
  decision: TargetDecision,
): Promise<Answer> {
  const { id } = request.params
  const loaded = accepted(await log.execute(targetAggregate, id, decision, metadataOf(request)))
  const body = targetBody(id, loaded, await heardOf(telemetry, id))
  return { status: 200, body, commit: loaded.commit, etag: loaded.commit }
}

/** Changes facts; another gateway has to be one. */
export const patchTarget: Operate<Contracts['patchTarget'], 'telemetry'> = async (input, services) => {
  const { id } = input.params
  const { gateway } = input.body
  if (typeof gateway === 'string') {
    const { state } = await services.log.load(targetAggregate, id)
    const changes = state.registered && state.facts?.gateway !== gateway
    const refused = changes ? await refuseGateway(services.log, id, gateway) : undefined
    if (refused) throw asProblem(refused)
  }
  return change(input, services, decidePatch(input.body))
}

/** Says which licence it has. One that entitles to nothing any more is refused by its name. */
export const setTargetLicence: Operate<Contracts['setTargetLicence'], 'telemetry'> = async (
  input,
  services,
) => {
  const { licence: id } = input.body
  if (id === null) return change(input, services, holdLicence(null))
  const { terms, revoked } = (await services.log.load(licenceAggregate, id)).state
  if (!terms) throw new Problem('licence-not-found', 'No such licence is defined.')
  if (revoked) throw new Problem('licence-revoked', `The licence was revoked: ${revoked.reason}`)
  return change(input, services, holdLicence({ id, ...terms }))
}

/** Keeps a target at what it runs. */
export const pinTarget: Operate<Contracts['pinTarget'], 'telemetry'> = (input, services) =>
  change(input, services, decidePin(input.body))

/** Lets it be upgraded again. */
export const unpinTarget: Operate<Contracts['unpinTarget'], 'telemetry'> = (input, services) =>
  change(input, services, decideUnpin())

/** Takes it out of service. */
export const retireTarget: Operate<Contracts['retireTarget'], 'telemetry'> = (input, services) =>
  change(input, services, decideRetirement(input.body))

/**
 * Issues a one-time token. A repeat under the same idempotency key issues another one, as the first cannot be shown again: only
 * its hash is kept.
 */
export const issueEnrolment: Operate<Contracts['issueEnrolment']> = async (input, services) => {
  const { id } = input.params
  const from = await services.log.load(targetAggregate, id)
  const { token, hash, expiresAt } = newEnrolment(id, services.now())
  const decision = decideEnrolment({ hash, expiresAt })
  const metadata = metadataOf({ ...input, idempotency: null })
  const { commit } = accepted(await services.log.execute(targetAggregate, id, decision, metadata, { from }))
  const { enrolment, keyHash } = from.state
  const endsToken = enrolment !== null && !enrolment.used && instantOf(services.now()) < enrolment.expiresAt
  const body = { id, enrolmentToken: token, expiresAt, endsToken, enrolled: keyHash !== null }
  return { status: 201, body, commit }
}
