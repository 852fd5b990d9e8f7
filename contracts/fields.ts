import * as z from 'zod'
import { bytesOf } from '../events/bytes.ts'
import { bytesOfApprovers, tags, unseen } from '../events/words.ts'

/**
 * An id: ASCII letters, digits and `. _ : -`, so that it is in normal form, looks like no other id, and fits into names of
 * streams, paths and logs as it is.
 */
export const identifier = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/,
    '1 to 128 of A-Z a-z 0-9 . _ : - with a letter or digit first',
  )

/** What the agent of a machine may send, the same until it is booted anew, by which two with one credential are told apart. */
export const bootId = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,128}$/, '1 to 128 of A-Z a-z 0-9 . _ : -')
  .optional()
  .describe(
    'Names the present run of the machine, as /proc/sys/kernel/random/boot_id does: the same until it is booted anew. Two machines with one credential are noticed by it.',
  )

/** A version as a release names it, or `latest` or `stable`. */
export const versionName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/,
    '1 to 128 of A-Z a-z 0-9 . _ + - with a letter or digit first',
  )

const withoutControl =
  'text without control characters, and without any that is invisible or turns its direction'
const printed = new RegExp(`^[^\\u0000-\\u001f\\u007f-\\u009f\\ufffd${unseen}]*$`, 'u')
const tagged = new RegExp(`[${tags}]`, 'u')

/**
 * Text without control characters and without what reads as something else than it is, written so that it holds in every dialect of regular
 * expressions: `\p{…}` would not. Halves of surrogate pairs are no characters; a pattern that names them would refuse pairs where it is read
 * without the flag `u`, and tags are pairs.
 */
export const printable = (text: z.ZodString) =>
  text
    .regex(printed, { error: withoutControl, abort: true })
    .refine((given) => !tagged.test(given), withoutControl)
    .refine((given) => given.isWellFormed(), 'text without halves of surrogate pairs')

/** A length of time in whole seconds. */
export const seconds = (smallest: number, largest: number) => z.int().min(smallest).max(largest)

export const percent = z.number().min(0).max(100)

/** Words of a person, in normal form C, without control characters and the like. Some letters are two in that form: it is as long as it may be, too. */
export const words = (longest: number) =>
  printable(z.string().min(1).max(longest))
    .transform((text) => text.normalize('NFC'))
    .refine((text) => text.length <= longest, `at most ${longest} characters in normal form C`)

/** Refuses what has more bytes of JSON than an event, or the state that keeps it, has room for: a check, and what would be right. */
export const within = (most: number) =>
  [(value: unknown) => bytesOf(value) <= most, `at most ${most} bytes of JSON in all together`] as const

/** The only people who may approve, at most so many. */
export const approvers = (most: number) =>
  z
    .array(words(256))
    .min(1)
    .max(most)
    .refine(...within(bytesOfApprovers))

/** Reads a whole number from a query. */
export const wholeNumber = (smallest: number, largest: number) =>
  z
    .string()
    .regex(/^[0-9]{1,9}$/, `a whole number from ${smallest} to ${largest}`)
    .transform(Number)
    .pipe(z.int().min(smallest).max(largest))
    // A query carries text; described is the number, to which no pattern applies.
    .meta({ type: 'integer', minimum: smallest, maximum: largest, pattern: undefined })

/** Reads `true` or `false` from a query. */
export const truth = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  // Described is the truth, as with numbers.
  .meta({ type: 'boolean', enum: undefined })

export const paging = {
  limit: wholeNumber(1, 100).default(50),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,1024}$/, 'the nextCursor of the page before')
    .optional(),
}

/** The shape of every list: the page under its name, how many it holds, and where the next begins. */
export const listOf = <const Name extends string, Item extends z.ZodType>(name: Name, item: Item) =>
  z
    .object({ count: z.int(), nextCursor: z.string().nullable() })
    .extend({ [name]: z.array(item) } as Record<Name, z.ZodArray<Item>>)

export const byId = z.strictObject({ id: identifier })
export const noQuery = z.strictObject({})

/** What is where a target runs: the name of what it is, and its words. */
export const targetEnvironment = z
  .record(identifier, printable(z.string().min(1).max(128)))
  .refine((all) => Object.keys(all).length <= 20, 'at most 20 of them')
