import type * as z from 'zod'
import type { FieldError } from '../../../contracts/problem-document.ts'
import { cut } from '../../../events/cut.ts'
import type { ApiMiddleware } from './exchange.ts'
import { exchangeOf } from './exchange.ts'
import { invalidFields } from './problem.ts'

const mostErrors = 100

/** What is wrong with a value, as one of several shapes that it may have. */
type Shape = readonly z.core.$ZodIssue[]

/** Returns a value as an error may show it: short, and nothing of what a name calls a secret. */
export function shown(value: unknown, field: string): unknown {
  if (/key|secret|token|authorization|credential|licen[cs]e/i.test(field)) return null
  if (typeof value === 'string') return cut(value, 65)
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
  return value === undefined ? null : Array.isArray(value) ? 'an array' : 'an object'
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => {
    // An own property of an object is what the client sent; anything else would be ours.
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as Record<PropertyKey, unknown>)[key]
      : undefined
  }, input)
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `a value of type ${issue.expected === 'record' ? 'object' : issue.expected}`
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`
    case 'too_small':
      return `${issue.origin === 'number' || issue.origin === 'int' ? '' : 'a length of '}at least ${issue.minimum}`
    case 'too_big':
      return `${issue.origin === 'number' || issue.origin === 'int' ? '' : 'a length of '}at most ${issue.maximum}`
    default:
      return issue.message
  }
}

function name(place: string, path: readonly PropertyKey[]): string {
  const inside = path.map(String).join('.')
  if (place === 'body') return inside === '' ? 'body' : inside
  return inside === '' ? place : `${place}.${inside}`
}

/** Returns how many keys of a value a shape knows, by what it found wrong with it; fewer than none: the shape is of another type. */
function keysInCommon(issues: Shape, value: unknown): number {
  if (issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0)) return -1
  if (typeof value !== 'object' || value === null) return 0
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [],
  )
  return Object.keys(value).length - unknown.length
}

/** Returns what is wrong with the one of several shapes that was meant: that with most keys in common, then with least amiss. */
function shapeMeant(shapes: readonly Shape[], value: unknown): Shape {
  const [meant = []] = shapes.toSorted(
    (left, right) => keysInCommon(right, value) - keysInCommon(left, value) || left.length - right.length,
  )
  return meant
}

/** Returns the invalid fields of one part of a request (`body`, `query`, `path`, `headers`), each with what would be right. */
export function fieldErrors(
  place: string,
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
): FieldError[] {
  return issues.flatMap((issue): FieldError[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        const field = name(place, [...issue.path, key]).slice(0, 256)
        return { field, value: shown(valueAt(input, [...issue.path, key]), field), expected: 'no such field' }
      })
    }
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      const meant = shapeMeant(issue.errors, valueAt(input, issue.path))
      const deeper = meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
      return fieldErrors(place, deeper, input)
    }
    const field = name(place, issue.path).slice(0, 256)
    return [{ field, value: shown(valueAt(input, issue.path), field), expected: expectation(issue) }]
  })
}

/** Checks path, query, headers and body against the contract of the route and names all bad fields together. */
export function validation(): ApiMiddleware {
  return {
    name: 'validation',
    before(request) {
      const exchange = exchangeOf(request)
      const { contract } = exchange
      const { pathParameters, queryStringParameters, headers } = request.event
      const errors: FieldError[] = []
      const check = (place: string, schema: z.ZodType | undefined, input: unknown) => {
        if (!schema) return undefined
        const result = schema.safeParse(input)
        if (!result.success) errors.push(...fieldErrors(place, result.error.issues, input))
        return result.data
      }
      exchange.input = {
        params: check('path', contract.params, pathParameters ?? {}),
        query: check('query', contract.query, queryStringParameters ?? {}),
        headers: check('headers', contract.headers, headers ?? {}),
        body: check('body', contract.body, exchange.json === undefined ? contract.absentBody : exchange.json),
      }
      if (!contract.body && exchange.json !== undefined) {
        errors.push({ field: 'body', value: null, expected: 'no body' })
      }
      if (errors.length > 0) throw invalidFields(errors, errors.slice(0, mostErrors))
    },
  }
}
