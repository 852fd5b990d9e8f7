import type { Assignment, Offer } from '../../../contracts/agents.ts'
import { canonicalJson } from '../../../events/canonical.ts'
import { instantOf, minute } from '../../../events/time.ts'
import type { Services } from '../services.ts'

/** So long an assignment holds, in milliseconds: to verify what is offered, and to go on with it after being killed. */
const holdsFor = 15 * minute

/** What is offered to a target. */
type Offered = Extract<Offer, { updateAvailable: true }>

/**
 * Returns an offer with its assignment: a statement, signed by a key that is asked for nothing else, that this attempt is for this target, for
 * whoever has just chosen the nonce. Rejects where the key cannot be had: who gets no assignment refuses the attempt, and who gets no answer asks again.
 */
export async function assigned<Made extends Offered>(
  { assignmentSigner, now }: Pick<Services<'assignmentSigner'>, 'assignmentSigner' | 'now'>,
  target: string,
  offer: Made,
  nonce: string,
): Promise<Made & { readonly assignment: Assignment }> {
  const { attempt, kind, component, version, digest } = offer
  const [notBefore, notAfter] = [instantOf(now()), instantOf(now() + holdsFor)]
  const what = { target, attempt, kind, component, version, digest }
  const statement = canonicalJson({ ...what, notBefore, notAfter, nonce })
  const signature = await assignmentSigner.sign(statement)
  return { ...offer, assignment: { statement, keyId: assignmentSigner.keyId, signature } }
}
