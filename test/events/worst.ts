import * as z from 'zod'

/** A published schema, as far as what is largest is made of it. */
interface Described {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly pattern?: string
  readonly maxLength?: number
  readonly maxItems?: number
  readonly maximum?: number
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Described[]
  readonly oneOf?: readonly Described[]
  readonly properties?: Readonly<Record<string, Described>>
  readonly propertyNames?: Described
  readonly additionalProperties?: false | Described
  readonly items?: Described
  readonly prefixItems?: readonly Described[]
}

/** What bounds an event that its schema leaves open, by the place in it: so many entries, or the very value. */
export type Bounds = Readonly<Record<string, number | string | object>>

/** How many bytes of JSON a value is. */
export const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

/** What calls things by their names has 128 of ASCII at most, or is shorter. */
const longestName = 128
const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-12-31T23:59:59.999Z',
  date: '2026-12-31',
  uuid: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
}

/** Names that are all different, and as long as they may be. */
export function names(count: number, longest = longestName): string[] {
  return Array.from({ length: count }, (_, place) => `${place}`.padStart(longest, 'n'))
}

/** Words of a person that have as many bytes as so many characters can. */
export const people = (characters: number) => '三'.repeat(characters)

/** Returns the largest of what is made of more and more parts, up to where it is not made any more. */
export function largestOf<Value>(make: (parts: number) => Value | undefined): Value {
  let largest = make(1)
  for (let parts = 2; ; parts++) {
    const larger = make(parts)
    if (larger === undefined) break
    largest = larger
  }
  if (largest === undefined) throw new Error('Not even one part is taken.')
  return largest
}

/** Returns the largest of what is made of more and more parts that has at most so many bytes of JSON. */
export function filled<Value>(most: number, make: (parts: number) => Value): Value {
  return largestOf((parts) => {
    const made = make(parts)
    return bytesOf(made) <= most ? made : undefined
  })
}

export function record(count: number, value: unknown): Record<string, unknown> {
  return Object.fromEntries(names(count).map((name) => [name, value]))
}

/** Makes the largest value that a schema lets be, and the bounds that stand elsewhere. */
class Maker {
  readonly #bounds: Bounds
  readonly unused: Set<string>

  constructor(bounds: Bounds) {
    this.#bounds = bounds
    this.unused = new Set(Object.keys(bounds))
  }

  of(schema: Described, path: string): unknown {
    const bound = this.#bounds[path]
    this.unused.delete(path)
    if (bound !== undefined && typeof bound !== 'number') return bound
    const { anyOf, oneOf = anyOf, items, properties } = schema
    if (oneOf) return this.#largest(oneOf.map((one) => this.of(one, path)))
    if (schema.const !== undefined) return schema.const
    if (schema.enum) return this.#largest(schema.enum)
    if (schema.prefixItems) return schema.prefixItems.map((one) => this.of(one, path))
    if (items) return this.#list(schema, items, path, bound)
    if (schema.type === 'object' && !properties) return this.#record(schema, path, bound)
    if (properties)
      return Object.fromEntries(
        Object.entries(properties).map(([name, one]) => [
          name,
          this.of(one, path ? `${path}.${name}` : name),
        ]),
      )
    return scalar(schema, path)
  }

  #largest(values: readonly unknown[]): unknown {
    return values.reduce((left, right) => (bytesOf(right) > bytesOf(left) ? right : left))
  }

  #list({ maxItems: most }: Described, items: Described, path: string, bound = most): unknown[] {
    if (bound === undefined) throw new Error(`${path}: nothing bounds this list`)
    return Array.from({ length: bound }, () => this.of(items, `${path}[]`))
  }

  #record(schema: Described, path: string, bound?: number): Record<string, unknown> {
    const { propertyNames, additionalProperties: inner } = schema
    if (bound === undefined || !inner) throw new Error(`${path}: nothing bounds how many this has`)
    const { maxLength = longestName } = propertyNames ?? {}
    return Object.fromEntries(names(bound, maxLength).map((name) => [name, this.of(inner, `${path}{}`)]))
  }
}

/** Of the patterns that events have, hashes alone need nobody who says what is largest. */
function hexadecimal(pattern: string, path: string): string {
  const [, digits] = /\[0-9a-f\]\{(\d+)\}/.exec(pattern) ?? []
  if (digits === undefined) throw new Error(`${path}: give one that matches ${pattern}`)
  return 'a'.repeat(Number(digits))
}

function scalar({ type, format, pattern, maxLength, maximum }: Described, path: string): unknown {
  switch ([type].flat().find((one) => one !== 'null') ?? 'null') {
    case 'string':
      if (format !== undefined && formats[format]) return formats[format]
      if (pattern !== undefined) return hexadecimal(pattern, path)
      return maxLength === undefined || maxLength === longestName
        ? 'n'.repeat(longestName)
        : people(maxLength)
    case 'integer':
      return Math.min(maximum ?? 9_999_999, 9_999_999)
    case 'number':
      return 99.99999999999999
    case 'boolean':
      return false
    case 'null':
      return null
    default:
      throw new Error(`${path}: nobody knows what is the largest here`)
  }
}

/**
 * Returns the largest data that an event may have: names are of ASCII, as contracts ask, words have three bytes a character, and what the schema leaves
 * open has the bounds of whoever makes the event. Throws where nothing bounds it, and for bounds of what is not there.
 */
export function worstOf(schema: z.ZodType<object>, bounds: Bounds): object {
  const maker = new Maker(bounds)
  const described = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any', reused: 'inline' })
  const data = maker.of(described as Described, '') // as zod writes it
  if (maker.unused.size > 0) throw new Error(`No such places: ${[...maker.unused].join(', ')}`)
  return schema.parse(data)
}
