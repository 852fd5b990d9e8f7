import * as z from 'zod'
import { invalidFields } from '../http/problem.ts'

/** What a pack holds, in this order. */
export const sections = ['upgrade', 'plan', 'context', 'targets', 'heads', 'report'] as const
export type Section = (typeof sections)[number]

const count = z.int().min(0).max(1_000_000_000)

const place = z.strictObject({
  section: z.enum(sections),
  /** Which of the streams or documents of the section. */
  item: count,
  /** Of the stream, from 1. */
  commit: count.min(1),
})
/** Where something stands in a pack. */
export type Place = z.output<typeof place>

const cursor = z.strictObject({
  /** The number of the part, from 1. */
  part: count.min(1),
  /** The SHA-256 of the manifest of the part before; empty: there is none. */
  previous: z.string().regex(/^(|[0-9a-f]{64})$/),
  /** The last commit of the upgrade that the pack is about. */
  commit: count.min(1),
  /** No commit of a target that was made later is in it. */
  until: z.iso.datetime({ precision: 3 }),
  /** The documents of heads in which its streams are looked for, by their numbers; null: there are none. */
  heads: z.strictObject({ first: count.min(1), last: count.min(1) }).nullable(),
  place,
})
/** All that one part has to know of those before it. */
export type Cursor = z.output<typeof cursor>

/** Returns a cursor as a Link names it. */
export function textOf(known: Cursor): string {
  return Buffer.from(JSON.stringify(known)).toString('base64url')
}

/** Returns the cursor in the name of a part. Throws the problem that it names none. */
export function cursorOf(text: string): Cursor {
  try {
    return cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString()))
  } catch {
    throw noSuchPart(text)
  }
}

/** Returns the problem that no Link has named such a part. */
export function noSuchPart(text: string) {
  return invalidFields([
    { field: 'query.part', value: text.slice(0, 100), expected: 'the part that a Link named' },
  ])
}
