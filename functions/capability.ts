import { sha256 } from '../events/canonical.ts'
import { instantOf } from '../events/time.ts'
import { sameSecret } from './same-secret.ts'

/**
 * What is kept of a capability: a text that lets whoever has it do one thing, once, until it expires (S9). It shows nothing of that text, so whoever
 * reads it cannot use it.
 */
export interface Capability {
  /** The SHA-256 of the text, in hexadecimal. */
  readonly hash: string
  /** What it is for. */
  readonly subject: string
  readonly expiresAt: string
  /** Null: not yet. */
  readonly usedAt: string | null
}

/** `used`: it is right, and is to be kept like that, on condition that it is still unused, before anything is done. */
export type CapabilityCheck =
  | { readonly kind: 'right'; readonly used: Capability }
  | { readonly kind: 'refused'; readonly why: 'wrong' | 'expired' | 'used' }

const prefix = 'drydock-callback.'
const bytes = 32
const form = /^drydock-callback\.[\w-]{43}$/

/** Mints a capability from 32 bytes that nobody can guess. The text is given away once and kept nowhere; instants are in milliseconds since the epoch. */
export function mintCapability(
  subject: string,
  expiresAt: number,
  random: Uint8Array,
): { readonly text: string; readonly kept: Capability } {
  if (random.length !== bytes) throw new TypeError(`A capability is made of ${bytes} random bytes.`)
  const text = `${prefix}${Buffer.from(random).toString('base64url')}`
  return { text, kept: { hash: sha256(text), subject, expiresAt: instantOf(expiresAt), usedAt: null } }
}

/** Returns by what a capability is looked up; undefined: the text is none. */
export function capabilityHash(text: string): string | undefined {
  return form.test(text) ? sha256(text) : undefined
}

/**
 * Checks a text against what is kept (undefined: nothing is), for a subject. Whether it was used or is over is told only to who has the right text for the
 * right subject.
 */
export function checkCapability(
  text: string,
  kept: Capability | undefined,
  subject: string,
  now: number,
): CapabilityCheck {
  const right = sameSecret(capabilityHash(text) ?? '', kept?.hash)
  if (kept === undefined || !right || kept.subject !== subject) return { kind: 'refused', why: 'wrong' }
  if (kept.usedAt !== null) return { kind: 'refused', why: 'used' }
  const at = instantOf(now)
  if (at >= kept.expiresAt) return { kind: 'refused', why: 'expired' }
  return { kind: 'right', used: { ...kept, usedAt: at } }
}
