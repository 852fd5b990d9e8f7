import {
  boundMembers,
  countOf,
  hashOf,
  type Json,
  type JsonObject,
  listOf,
  Malformed,
  memberOf,
  objectOf,
  readCanonical,
  readJson,
  textOf,
} from './json.ts'
import { limits } from './limits.ts'
import { Unreadable } from './verdict.ts'

/** An event of a commit: what happened, and what is told of it. */
export interface PackEvent {
  readonly type: string
  readonly schema: number
  readonly data: JsonObject
}

/** A commit of a stream. */
export interface PackCommit {
  readonly stream: string
  readonly kind: string
  readonly id: string
  readonly commit: number
  readonly at: string
  readonly actor: string
  readonly events: readonly PackEvent[]
  readonly hash: string
  /** Returns the hash that it has to have after a commit with this one. */
  hashAfter(previous: string): string
}

/** What stands before the first commit of a stream of which a pack has not the beginning. */
export interface Before {
  readonly stream: string
  readonly commit: number
  readonly hash: string
}

/** Returns the kind and the id in the name of a stream. */
function partsOf(stream: string): { readonly kind: string; readonly id: string } {
  const [kind = ''] = stream.split('#', 1)
  return { kind, id: stream.slice(kind.length + 1) }
}

/** What a commit is made of, and nothing else: whatever stood beside it would be in no hash, or not be meant. */
const parts = {
  commit: new Set([
    ...['stream', 'commit', 'version', 'count', 'id', 'at', 'actor', 'correlation', 'causation'],
    ...['idempotency', 'events', 'hash', 'snapshot', 'category', 'since'],
  ]),
  event: new Set(['type', 'schema', 'data']),
  line: new Set(['after']),
  after: new Set(['stream', 'commit', 'hash']),
}

function eventOf(value: Json): PackEvent {
  const event = objectOf(value, 'an event')
  boundMembers(event, parts.event, 'an event')
  const data = objectOf(readJson(textOf(event, 'data')), 'what an event tells')
  return { type: textOf(event, 'type'), schema: countOf(event, 'schema'), data }
}

function streamOf(object: JsonObject): string {
  const stream = textOf(object, 'stream')
  if (stream.length > limits.name)
    throw new Unreadable('name-too-long', `The name of a stream has at most ${limits.name} characters.`)
  return stream
}

/** The one form in which instants compare as text. */
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** Reads a line of a file of streams: a commit, or what stands before the next. Throws Malformed on anything else, Unreadable on more than any needs. */
export function readLine(line: string): PackCommit | { readonly after: Before } {
  const read = objectOf(readCanonical(line), 'it')
  const after = memberOf(read, 'after')
  if (after !== undefined) {
    const before = objectOf(after, 'after')
    boundMembers(read, parts.line, 'what says where a stream begins')
    boundMembers(before, parts.after, 'after')
    return {
      after: {
        stream: streamOf(before),
        commit: countOf(before, 'commit'),
        hash: textOf(before, 'hash'),
      },
    }
  }
  boundMembers(read, parts.commit, 'a commit')
  const { hash, ...body } = read
  const [stream, at] = [streamOf(read), textOf(read, 'at')]
  if (!instant.test(at) || Number.isNaN(Date.parse(at))) throw new Malformed('at is no instant')
  const events = listOf(read, 'events').map(eventOf)
  if (countOf(read, 'count') !== events.length) throw new Malformed('it does not count its events')
  return {
    stream,
    ...partsOf(stream),
    commit: countOf(read, 'commit'),
    at,
    actor: textOf(read, 'actor'),
    events,
    hash: typeof hash === 'string' ? hash : '',
    hashAfter: (previous) => hashOf({ ...body, previous }),
  }
}
