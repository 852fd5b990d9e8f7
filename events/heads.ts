import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import * as z from 'zod'
import { hashOf } from './canonical.ts'

/** How far a round has come in the Catalogue. */
const place = z.strictObject({ category: z.string(), since: z.string(), stream: z.string() })

const body = {
  /** Dense number, from 1, over all rounds. */
  number: z.int().positive(),
  /** The hash of the document before; empty for the first. */
  previous: z.string(),
  /** The day in UTC on which the round began that it belongs to. */
  day: z.iso.date(),
  /** When it was made. */
  at: z.iso.datetime({ precision: 3 }),
  /** Where the next one goes on; null: the round is over. */
  through: z.nullable(place),
  /** Streams with their last commit and its hash. */
  heads: z.array(z.tuple([z.string(), z.int().positive(), z.string()])),
}

const statement = z.strictObject(body)
const document = z.strictObject({ ...body, signature: z.string() })

/** Where streams stood, one piece of a day's round over all of them. */
export type HeadsStatement = z.infer<typeof statement>
/** A statement with the signature under it, in base64. */
export type HeadsDocument = z.infer<typeof document>
export type CataloguePlace = z.infer<typeof place>

/** Returns the document in a text. Throws when it holds none. */
export function readHeads(text: string): HeadsDocument {
  return document.parse(JSON.parse(text))
}

/** Returns the hash of a statement, which the next document cites. */
export function hashOfHeads({ signature: _, ...stated }: HeadsStatement & { signature?: string }): string {
  return hashOf(stated)
}

/** Returns the text that is signed: short enough for any signer, and nothing else that the same key could be asked to sign. */
export function signedText(stated: HeadsStatement): string {
  return `drydock heads ${stated.number} ${hashOfHeads(stated)}`
}

/** The half of the key that verifies. */
export type HeadsKey = KeyObject

/** Returns a public key from its PEM or, in base64, its DER form. Throws on any other than an Ed25519 key. */
export function readHeadsKey(text: string): HeadsKey {
  const key = text.includes('-----BEGIN')
    ? createPublicKey(text)
    : createPublicKey({ key: Buffer.from(text.trim(), 'base64'), format: 'der', type: 'spki' })
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`The key of heads is an Ed25519 key, not ${key.asymmetricKeyType}.`)
  return key
}

/** A document of heads that is missing, or not to be believed. */
export interface HeadsFault {
  readonly number: number
  readonly why: string
}

/**
 * Verifies documents one after the other, given in the order of their numbers from the first: each is signed, and follows from the one before.
 * Returns, for each, what is wrong before it and with it; without faults its heads are to be believed.
 */
export function followHeads(key: HeadsKey): (document: HeadsDocument) => readonly HeadsFault[] {
  // Without a hash: what the next one cites is not known.
  let before: { readonly number: number; readonly hash?: string; readonly at: string } = {
    number: 0,
    hash: '',
    at: '',
  }
  return (one) => {
    const { number, previous, at, signature } = one
    const faults: HeadsFault[] = []
    const [from, to] = [before.number + 1, number - 1]
    if (from === to) faults.push({ number: from, why: 'is missing' })
    if (from < to) faults.push({ number: from, why: `and all up to ${to} are missing` })
    if (number < from) return [{ number, why: 'is there twice' }]
    const known = from > to ? before.hash : undefined
    const earlier = at < before.at
    if (!verify(null, Buffer.from(signedText(one)), key, Buffer.from(signature, 'base64'))) {
      before = { number, at: before.at }
      return [...faults, { number, why: 'is not signed by this key' }]
    }
    before = { number, hash: hashOfHeads(one), at: earlier ? before.at : at }
    if (known !== undefined && previous !== known)
      faults.push({ number, why: 'does not follow from the one before it' })
    else if (earlier) faults.push({ number, why: 'was made before the one that it follows' })
    return faults
  }
}
