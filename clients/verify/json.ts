import { createHash } from 'node:crypto'
import { limits } from './limits.ts'
import { Unreadable } from './verdict.ts'

/** A text is not what it ought to be; the message says what is wrong. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
}

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}

/**
 * Throws where objects and lists lie deeper in each other than any needs, or there are more of them and of what is in them: reading them would cost
 * more than their length says.
 */
function bound(text: string): void {
  let [depth, values, quoted] = [0, 0, false]
  for (let place = 0; place < text.length; place++) {
    const sign = text[place]
    if (quoted) {
      if (sign === '\\') place++
      else if (sign === '"') quoted = false
    } else if (sign === '"') quoted = true
    else if (sign === ',') values++
    else if (sign === '{' || sign === '[') {
      values++
      if (++depth > limits.depth) throw new Malformed(`it is nested deeper than ${limits.depth} levels`)
    } else if (sign === '}' || sign === ']') depth--
    if (values > limits.values)
      throw new Unreadable('too-many-values', `One text of JSON has at most ${limits.values} values.`)
  }
}

/** Reads JSON. Throws Malformed on anything else, and on what is nested too deep; Unreadable on more values than any needs. */
export function readJson(text: string): Json {
  bound(text)
  try {
    return JSON.parse(text) as Json // JSON.parse returns nothing else
  } catch {
    throw new Malformed('it is no JSON')
  }
}

/** Returns the one text of a JSON value (RFC 8785): members by name, no white space. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`
}

/** Reads JSON that is written in its one text, and in no other: so no member is there twice, and no byte is free. Throws Malformed. */
export function readCanonical(text: string): Json {
  const value = readJson(text)
  if (canonical(value) !== text) throw new Malformed('it is not in canonical form')
  return value
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Returns the text of bytes in UTF-8; undefined: they are none, so that other bytes would be the same text. */
export function textIn(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** Returns the SHA-256 of bytes or of a text, in lower-case hexadecimal. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Returns the SHA-256 of a value's one text. */
export function hashOf(value: Json): string {
  return sha256(canonical(value))
}

/** Returns a value as an object. Throws Malformed. */
export function objectOf(value: Json | undefined, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Malformed(`${what} is no object`)
  return value as JsonObject // neither null nor a list
}

/** Throws Malformed where an object has other members than these, of which some may be missing. */
export function boundMembers(object: JsonObject, names: ReadonlySet<string>, what: string): void {
  for (const name of Object.keys(object))
    if (!names.has(name)) throw new Malformed(`${what} has no member ${JSON.stringify(name.slice(0, 64))}`)
}

/** Returns a member, its own and none that every object has; undefined: there is none. */
export function memberOf(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** Returns a member that is a text. Throws Malformed. */
export function textOf(object: JsonObject, name: string): string {
  const value = memberOf(object, name)
  if (typeof value !== 'string') throw new Malformed(`${name} is no text`)
  return value
}

/** Returns a member that is a whole number from 0 on. Throws Malformed. */
export function countOf(object: JsonObject, name: string): number {
  const value = memberOf(object, name)
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new Malformed(`${name} is no whole number`)
  return value
}

/** Returns a member that is a list. Throws Malformed. */
export function listOf(object: JsonObject, name: string): readonly Json[] {
  const value = memberOf(object, name)
  if (!Array.isArray(value)) throw new Malformed(`${name} is no list`)
  return value
}

/** Returns a member that is a text, or null where it is null or left out. Throws Malformed. */
export function textOrNull(object: JsonObject, name: string): string | null {
  return memberOf(object, name) == null ? null : textOf(object, name)
}
