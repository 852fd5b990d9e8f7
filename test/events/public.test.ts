import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { publicDetails } from '../../events/public.ts'

/** A field of a published schema: where it is, what it holds, and what is said of it. */
interface Field {
  readonly path: string
  readonly type: string
  readonly words: readonly string[]
  readonly description: string | undefined
}

interface Described {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Described>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Described
  readonly enum?: readonly string[]
  readonly anyOf?: readonly Described[]
}

function typeOf({ type, format, anyOf, additionalProperties }: Described): string {
  if (anyOf) return anyOf.map(typeOf).join(' or ')
  const kind = [type ?? 'string'].flat().join(' or ')
  const members = typeof additionalProperties === 'object' ? ` of ${typeOf(additionalProperties)}` : ''
  return `${kind}${format === undefined ? '' : ` (${format})`}${members}`
}

function fieldsOf({ properties = {}, required = [], anyOf = [] }: Described, path: string): Field[] {
  const own = Object.entries(properties).flatMap(([name, inner]) => {
    const place = `${path}.${name}${required.includes(name) ? '' : '?'}`
    const { description, enum: words = [] } = inner
    return [{ path: place, type: typeOf(inner), words, description }, ...fieldsOf(inner, place)]
  })
  return [...own, ...anyOf.flatMap((other) => fieldsOf(other, path))]
}

const schemas = Object.entries(publicDetails).map(([type, detail]) => {
  const schema = z.toJSONSchema(detail, { target: 'draft-4', io: 'input' }) as Described // as zod writes it
  return [type, schema] as const
})
const fields = schemas.flatMap(([type, schema]) => fieldsOf(schema, type))

const present = fields.flatMap(({ path, type, words }) => [
  `${path}: ${type}`,
  ...words.map((word) => `${path} = ${word}`),
])
const released = readFileSync(new URL('./public-released.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')

test('nothing that integrations were promised goes or changes: no field, no type, no word', () => {
  expect(released.filter((line) => !present.includes(line))).toEqual([])
})

test('what is added is promised from then on: it stands in public-released.txt', () => {
  expect(present.filter((line) => !released.includes(line))).toEqual([])
})

test('every field says what it is', () => {
  expect(fields.filter(({ description }) => description === undefined).map(({ path }) => path)).toEqual([])
})

test('a field that is added later is no error to who knows the earlier schema', () => {
  const open = (schema: Described): boolean =>
    schema.additionalProperties !== false &&
    [...Object.values(schema.properties ?? {}), ...(schema.anyOf ?? [])].every(open)
  expect(schemas.filter(([, schema]) => !open(schema)).map(([type]) => type)).toEqual([])
})

test('no field is for a token, a key or the hash of a secret', () => {
  const suspect = /token|secret|password|credential|enrol|hash|key/i
  const names = new Set(fields.map(({ path }) => path.slice(path.lastIndexOf('.') + 1)))
  // The plan's hash is what a person approves: it opens nothing.
  expect([...names].filter((name) => suspect.test(name))).toEqual(['planHash'])
})
