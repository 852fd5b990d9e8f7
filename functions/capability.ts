import { sha256 } from '../events/canonical.ts'
import { instantOf } from '../events/time.ts'
import { sameSecret } from './same-secret.ts'

/**
 * What is kept of a capability: a text that lets whoever has it do one thing until it expires (S9). It shows nothing of that text, so whoever reads it
 * cannot use it. That the thing is done once is for the stream to say in which it is done.
 */
export interface Capability<Subject> {
  /** The SHA-256 of the text, in hexadecimal. */
  readonly hash: string
  /** What it is for. */
  readonly subject: Subject
  readonly expiresAt: string
}

const prefix = 'drydock-callback.'
const bytes = 32
const form = /^drydock-callback\.[\w-]{43}$/

/** Mints a capability from 32 bytes that nobody can guess. The text is given away once and kept nowhere; `expiresAt` is an ISO instant. */
export function mintCapability<Subject>(
  subject: Subject,
  expiresAt: string,
  random: Uint8Array,
): { readonly text: string; readonly kept: Capability<Subject> } {
  if (random.length !== bytes) throw new TypeError(`A capability is made of ${bytes} random bytes.`)
  const text = `${prefix}${Buffer.from(random).toString('base64url')}`
  return { text, kept: { hash: sha256(text), subject, expiresAt } }
}

/** Returns by what a capability is looked up; undefined: the text is none. */
export function capabilityHash(text: string): string | undefined {
  return form.test(text) ? sha256(text) : undefined
}

/** Is it, by the hash of the text that was presented, the capability that is kept, and not over? `now` is in milliseconds since the epoch. */
export function isGranted(
  presented: string,
  { hash, expiresAt }: Pick<Capability<unknown>, 'hash' | 'expiresAt'>,
  now: number,
): boolean {
  return sameSecret(presented, hash) && instantOf(now) < expiresAt
}
