import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Described, fieldsOf, published as schemas } from './fields.ts'

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
