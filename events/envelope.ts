import * as z from 'zod'
import { hashOf } from './canonical.ts'

/** An event as it lies in a commit: its data is text, so that its bytes are what the hash was taken of. */
export interface StoredEvent {
  readonly type: string
  readonly schema: number
  readonly data: string
}

/** An idempotency key that a commit answered, with the hash of the request's body. */
export interface UsedKey {
  readonly key: string
  readonly hash: string
  readonly commit: number
}

/** The folded state up to and including the commit that carries it. */
export interface Snapshot {
  readonly schema: number
  readonly state: string
  readonly keys: readonly UsedKey[]
}

/** A commit as stored: one item of the table `Log`. */
export interface Commit {
  readonly stream: string
  /** Dense number in the stream, from 1. */
  readonly commit: number
  /** Number of its first event in the stream, from 1. */
  readonly version: number
  readonly count: number
  readonly id: string
  readonly at: string
  readonly actor: string
  readonly correlation: string
  readonly causation?: string
  readonly idempotency?: { readonly key: string; readonly hash: string }
  readonly events: readonly StoredEvent[]
  readonly hash: string
  readonly snapshot?: Snapshot
  readonly category?: string
  readonly since?: string
}

/** An attribute in DynamoDB's own form, as far as the log uses it. */
export type Attribute =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly L: Attribute[] }
  | { readonly M: Record<string, Attribute> }

const text = z.object({ S: z.string() }).transform((attribute) => attribute.S)
const number = z
  .object({ N: z.string().regex(/^\d+$/) })
  .transform((attribute) => Number(attribute.N))
  .pipe(z.int())
const map = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.object({ M: z.object(shape) }).transform((a) => a.M)
const list = <Item extends z.ZodType>(item: Item) => z.object({ L: z.array(item) }).transform((a) => a.L)

const item = z.object({
  stream: text,
  commit: number,
  version: number,
  count: number,
  id: text,
  at: text,
  actor: text,
  correlation: text,
  causation: z.exactOptional(text),
  idempotency: z.exactOptional(map({ key: text, hash: text })),
  events: list(map({ type: text, schema: number, data: text })),
  hash: text,
  snapshot: z.exactOptional(
    map({ schema: number, state: text, keys: list(map({ key: text, hash: text, commit: number })) }),
  ),
  category: z.exactOptional(text),
  since: z.exactOptional(text),
})

/** Returns the commit that an item of the table `Log` holds. Throws a ZodError when it is not one. */
export function fromItem(attributes: unknown): Commit {
  return item.parse(attributes)
}

/** Returns the commit in the NewImage of a stream record, as Lambda or GetRecords delivers it. Throws like `fromItem`. */
export function fromImage(image: unknown): Commit {
  return fromItem(image)
}

/** Returns the item that holds a commit. */
export function toItem(commit: Commit): Record<string, Attribute> {
  const attributes: Record<string, Attribute> = {}
  for (const [name, value] of Object.entries(commit)) {
    if (value !== undefined) attributes[name] = toAttribute(value)
  }
  return attributes
}

function toAttribute(value: unknown): Attribute {
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'number') return { N: String(value) }
  if (Array.isArray(value)) return { L: value.map(toAttribute) }
  if (typeof value === 'object' && value !== null) {
    return {
      M: Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toAttribute(member)])),
    }
  }
  throw new TypeError(`a commit holds text, numbers, lists and maps only, not ${typeof value}`)
}

/**
 * Returns the hash that chains a commit to the one before it: SHA-256, in hex, over the canonical JSON of the previous
 * hash (empty for the first) and everything in the commit but its hash. Decisions are made from snapshots, and streams found by their
 * category: neither may be exchanged unseen.
 */
export function hashCommit(previous: string, commit: Omit<Commit, 'hash'>): string {
  const { hash: _, ...body } = { hash: '', ...commit }
  return hashOf({ ...body, previous })
}

/** Where a stream stood, as somebody kept it elsewhere. */
export interface Head {
  readonly commit: number
  readonly hash: string
}

/** The first commit at which a chain breaks, and how. */
export interface Break {
  readonly commit: number
  readonly why: 'edited' | 'deleted' | 'reordered' | 'truncated'
}

/**
 * Checks the commits of one stream, given in the order of the stream from its first; returns the first break, or
 * undefined when all follow from one another. A cut-off end shows only against `heads` that were kept elsewhere. An edit whose own
 * hash was renewed shows at the commit after it, or at a head.
 */
export function verifyChain(commits: readonly Commit[], heads: readonly Head[] = []): Break | undefined {
  const kept = new Map(heads.map(({ commit, hash }) => [commit, hash]))
  // Of two heads of one commit that contradict each other, one contradicts the commit.
  const doubtful = new Set(
    heads.filter(({ commit, hash }) => kept.get(commit) !== hash).map((head) => head.commit),
  )
  let previous = ''
  for (const [index, commit] of commits.entries()) {
    const expected = index + 1
    if (commit.commit !== expected) {
      const elsewhere = commits.some((other) => other.commit === expected)
      return { commit: expected, why: elsewhere ? 'reordered' : 'deleted' }
    }
    if (hashCommit(previous, commit) !== commit.hash) {
      return { commit: expected, why: rightfulElsewhere(commit, previous, commits) ? 'reordered' : 'edited' }
    }
    const known = kept.get(expected)
    if ((known !== undefined && known !== commit.hash) || doubtful.has(expected))
      return { commit: expected, why: 'edited' }
    previous = commit.hash
  }
  const beyond = heads.some(({ commit }) => commit > commits.length)
  return beyond ? { commit: commits.length + 1, why: 'truncated' } : undefined
}

/** Whether another commit, under this one's number, is the one that follows: the two were exchanged, not edited. */
function rightfulElsewhere(commit: Commit, previous: string, commits: readonly Commit[]): boolean {
  return commits.some(
    (other) => other !== commit && hashCommit(previous, { ...other, commit: commit.commit }) === other.hash,
  )
}
