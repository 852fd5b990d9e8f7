import type { agentContracts } from '../../../contracts/agents.ts'
import { sha256 } from '../../../events/canonical.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { enrolAgent as decideEnrolment } from '../../domain/target/registration.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import { agentCredential } from '../targets/credential.ts'

/** Gives an agent its credential in return for the enrolment token it came with; only hashes are kept of either. */
export const enrolAgent: Operate<(typeof agentContracts)['enrolAgent']> = async (input, { log }) => {
  const { principal, body } = input
  if (principal.kind !== 'enrolment') {
    throw new Problem('forbidden', 'Only an enrolment token enrols: an operator issues one for each target.')
  }
  const { target, tokenHash } = principal
  const decision = decideEnrolment({ tokenHash, keyHash: sha256(body.key) })
  const { commit } = accepted(await log.execute(targetAggregate, target, decision, metadataOf(input)))
  return { status: 201, body: { target, credential: agentCredential(target, body.key) }, commit }
}
