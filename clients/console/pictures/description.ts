/** A schema, as far as it is shown. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly additionalProperties?: Schema | boolean
  readonly default?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly $ref?: string
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>
  readonly description?: string
}

interface Described {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly 'x-roles'?: readonly string[]
  readonly security?: readonly object[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly description?: string
    readonly schema?: Schema
  }[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content>>
}

/** The description of an API, as far as it is shown. */
export interface Description {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
}

/** An operation, with where it is called. */
export interface Operation extends Described {
  readonly method: string
  readonly path: string
}

/** Returns the operations in groups, both in the order in which the description has them. */
export function groupsOf({
  paths,
}: Description): readonly { readonly tag: string; readonly operations: readonly Operation[] }[] {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  )
  return [...Map.groupBy(all, ({ tags }) => tags[0] ?? '')].map(([tag, operations]) => ({ tag, operations }))
}

/** Returns the groups with those operations alone whose name, path or summary holds a text. */
export function found(groups: ReturnType<typeof groupsOf>, text: string): ReturnType<typeof groupsOf> {
  const wanted = text.trim().toLowerCase()
  const fits = ({ operationId, path, summary }: Operation) =>
    `${operationId} ${path} ${summary}`.toLowerCase().includes(wanted)
  return groups
    .map(({ tag, operations }) => ({ tag, operations: operations.filter(fits) }))
    .filter(({ operations }) => operations.length > 0)
}

/** A field of a schema: how deep it stands, what it is, and what is said of it. */
export interface Field {
  readonly name: string
  readonly depth: number
  readonly type: string
  readonly required: boolean
  readonly words: string
}

const deepest = 6

/** Returns the fields of a schema, each before those in it, to a depth at which nobody reads on. */
export function fieldsOf(schema: Schema | undefined, depth = 0): readonly Field[] {
  if (schema === undefined || depth > deepest) return []
  const { items, properties, required = [], anyOf, oneOf, additionalProperties } = schema
  if (properties)
    return Object.entries(properties).flatMap(([name, inner]) => [
      { name, depth, type: typeOf(inner), required: required.includes(name), words: wordsOf(inner) },
      ...fieldsOf(inner, depth + 1),
    ])
  if (items) return fieldsOf(items, depth)
  const variants = anyOf ?? oneOf
  if (variants) return variants.flatMap((variant) => fieldsOf(variant, depth))
  return typeof additionalProperties === 'object' ? fieldsOf(additionalProperties, depth) : []
}

/** Returns what a schema is in a word or two. */
export function typeOf({
  type,
  items,
  enum: values,
  const: only,
  anyOf,
  oneOf,
  $ref,
  additionalProperties,
}: Schema): string {
  if ($ref !== undefined) return $ref.split('/').at(-1) ?? ''
  if (only !== undefined) return JSON.stringify(only)
  if (values) return values.map((value) => JSON.stringify(value)).join(' | ')
  const variants = anyOf ?? oneOf
  if (variants) return [...new Set(variants.map(typeOf))].join(' | ')
  if (items) return `${typeOf(items)}[]`
  if (typeof additionalProperties === 'object') return `{ name: ${typeOf(additionalProperties)} }`
  return [type ?? 'any'].flat().join(' | ')
}

function wordsOf({ description, default: fallback, minimum, maximum }: Schema): string {
  const range =
    minimum !== undefined && maximum !== undefined && maximum < 9e15 ? `${minimum} to ${maximum}.` : ''
  const left = fallback === undefined ? '' : `Left out: ${JSON.stringify(fallback)}.`
  return [description, range, left].filter(Boolean).join(' ')
}

/** Returns the schema of what is sent or answered. */
export function schemaOf(content: Content | undefined): Schema | undefined {
  return Object.values(content?.content ?? {})[0]?.schema
}
