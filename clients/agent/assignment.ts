import { verify } from 'node:crypto'
import * as z from 'zod'
import { keyIn } from './config.ts'
import { Refused } from './trusted.ts'

/** What a control plane says, signed, of who is to install what. */
export const assignment = z.object({
  /** The very text that was signed. */
  statement: z.string().max(4096),
  keyId: z.string().max(256),
  signature: z.string().max(128),
})
export type Assignment = z.output<typeof assignment>

/** An assignment with the nonce that it was asked for with: in the journal it is held against the same as when it came. */
export const held = assignment.extend({ nonce: z.string() })
export type Held = z.output<typeof held>

const instant = z.iso.datetime()
const stated = z.object({
  target: z.string(),
  attempt: z.string(),
  kind: z.string(),
  component: z.string(),
  version: z.string(),
  digest: z.string().nullable(),
  notBefore: instant,
  notAfter: instant,
  nonce: z.string(),
})
type Stated = z.output<typeof stated>

/** So far the clocks of who signs and of who verifies may be apart, in milliseconds. */
const skew = 120_000

/** What is to be assigned, and to whom. */
export type Assigned = Pick<Stated, 'target' | 'attempt' | 'component' | 'version' | 'digest'> & {
  /** It goes back to a version: for that less is asked of its release. */
  readonly back: boolean
}

function statedIn({ statement, signature }: Assignment, key: string): Stated {
  const isSigned = verify(null, Buffer.from(statement, 'utf8'), keyIn(key), Buffer.from(signature, 'base64'))
  if (!isSigned)
    throw new Refused(
      'ASSIGNMENT_INVALID',
      'It is not signed by the key that assigns here (trust.assignmentKey).',
    )
  try {
    return stated.parse(JSON.parse(statement))
  } catch {
    throw new Refused('ASSIGNMENT_INVALID', 'What is signed is no assignment.')
  }
}

/**
 * Holds an assignment against what is offered here, what was asked, and the present instant, in milliseconds. Throws {@link Refused}: what is offered
 * was not meant for this target, or not now.
 */
export function verifyAssignment(
  given: Held | undefined,
  key: string,
  { target, back, ...offered }: Assigned,
  now: number,
): asserts given is Held {
  if (!given) throw new Refused('ASSIGNMENT_MISSING', 'Nobody has signed that it is assigned to this target.')
  const said = statedIn(given, key)
  if (said.target !== target)
    throw new Refused('ASSIGNMENT_FOREIGN', `It is assigned to ${said.target}, and this is ${target}.`)
  for (const name of ['attempt', 'component', 'version', 'digest'] as const)
    if (said[name] !== offered[name])
      throw new Refused(
        'ASSIGNMENT_MISMATCH',
        `What is assigned has the ${name} ${said[name]}, and what is offered ${offered[name]}.`,
      )
  if (back && said.kind !== 'rollback')
    throw new Refused(
      'ASSIGNMENT_MISMATCH',
      `What is assigned is a ${said.kind}, and what is offered goes back.`,
    )
  if (said.nonce !== given.nonce)
    throw new Refused('ASSIGNMENT_REPLAYED', 'It answers another question than was asked here.')
  if (now < Date.parse(said.notBefore) - skew)
    throw new Refused('ASSIGNMENT_EARLY', `It holds from ${said.notBefore} on.`)
  if (now > Date.parse(said.notAfter) + skew)
    throw new Refused('ASSIGNMENT_STALE', `It held until ${said.notAfter}.`)
}
