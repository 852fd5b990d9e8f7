import { Buffer } from 'node:buffer'
import type { FieldError } from '../../../contracts/problem-document.ts'
import { repeatedNames } from '../../../contracts/repeated-names.ts'
import type { ApiMiddleware, Exchange, ReadDocument, WrittenDocument } from './exchange.ts'
import { exchangeOf } from './exchange.ts'
import { Problem } from './problem.ts'

/** The largest body in bytes, after base64 is undone, unless the operation has a limit of its own. */
const largestBody = 256 * 1024
/** The deepest nesting of arrays and objects. */
const deepestBody = 16

/** So many of its faults a body is told. */
const mostErrors = 20

/** Returns what no body may hold anywhere: text with NUL or broken surrogates, the key `__proto__`, too deep a nesting. */
function poisonIn(json: unknown): FieldError[] {
  const errors: FieldError[] = []
  const rest: { value: unknown; field: string; depth: number }[] = [{ value: json, field: '', depth: 1 }]
  const text = (value: string, field: string) => {
    // The gateway puts U+FFFD where bytes were none: what was sent is not known any more.
    if (/[\0\ufffd]/.test(value) || !value.isWellFormed()) {
      errors.push({ field, value: null, expected: 'well-formed text without NUL or U+FFFD' })
    }
  }
  for (let next = rest.pop(); next && errors.length < mostErrors; next = rest.pop()) {
    const { value, field, depth } = next
    if (typeof value === 'string') text(value, field)
    if (typeof value !== 'object' || value === null) continue
    if (depth > deepestBody) {
      errors.push({ field, value: null, expected: `at most ${deepestBody} levels of nesting` })
      continue
    }
    for (const [key, child] of Object.entries(value)) {
      const inside = field === '' ? key : `${field}.${key}`
      text(key, inside.slice(0, 256))
      if (key === '__proto__') errors.push({ field: inside, value: null, expected: 'no such field' })
      rest.push({ value: child, field: inside.slice(0, 256), depth: depth + 1 })
    }
  }
  return errors
}

function decode(body: string, isBase64Encoded: boolean, largest: number): string {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
  if (bytes.byteLength > largest) {
    throw new Problem(
      'body-too-large',
      `A body has at most ${largest} bytes, this one has ${bytes.byteLength}.`,
    )
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Problem('malformed-json', 'The body is not UTF-8.')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The engine's message quotes the body, which may hold a secret.
    throw new Problem('malformed-json', 'The body is not valid JSON.')
  }
}

/**
 * Returns what finds a field in a document. JSON that is no YAML, as there is a little of, has no places; reading it for them must not
 * take the place of what is wrong with it.
 */
function placesIn(document: WrittenDocument | (() => Promise<WrittenDocument>)): Exchange['placeOf'] {
  let opened: Promise<WrittenDocument> | undefined
  return async (field) => {
    opened ??= typeof document === 'function' ? document() : Promise.resolve(document)
    return (await opened.catch(() => undefined))?.placeOf(field)
  }
}

/** The types under which YAML is sent. */
const yaml = /^(application\/(x-)?yaml|text\/(x-)?yaml)\s*(;|$)/i

/**
 * Reads the body: its size, type, encoding and syntax. An absent body is `undefined`. `readDocument` reads what people write, of operations that
 * take it: as YAML too, and with the place of what is wrong in it.
 */
export function body(readDocument?: ReadDocument): ApiMiddleware {
  return {
    name: 'body',
    async before(request) {
      const { body, isBase64Encoded, headers } = request.event
      if (body === undefined || body === '') return
      // Whatever it is: where no body belongs none is read, and "no body" is what is expected.
      if (!exchangeOf(request).contract.body) {
        exchangeOf(request).json = null
        return
      }
      const type = headers?.['content-type']
      const exchange = exchangeOf(request)
      const { largestBody: most = largestBody, document } = exchange.contract
      const text = decode(body, isBase64Encoded, most)
      const read = document && readDocument
      const isYaml = read !== undefined && type !== undefined && yaml.test(type)
      if (type !== undefined && !isYaml && !/^application\/json\s*(;|$)/i.test(type)) {
        const types = read ? 'application/json or application/yaml' : 'application/json'
        throw new Problem('unsupported-media-type', `Send the body as ${types}.`)
      }
      const written = isYaml ? await read(text) : undefined
      const json = written ? written.json : parse(text)
      // JSON is read again for that only where something is wrong with it.
      exchange.placeOf = read && placesIn(written ?? (() => read(text)))
      const twice = isYaml ? [] : repeatedNames(text, mostErrors)
      const errors = [
        ...twice.map((field) => ({ field, value: null, expected: 'each field once' })),
        ...poisonIn(json),
      ].slice(0, mostErrors)
      if (errors.length > 0)
        throw new Problem('validation-failed', 'The body holds what no body may hold.', { errors })
      exchange.json = json
    },
  }
}
