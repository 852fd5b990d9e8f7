import * as z from 'zod'
import { publicDetails } from '../../events/public.ts'

/** A field of a published schema: where it is, what it holds, and what is said of it. */
export interface Field {
  readonly path: string
  readonly type: string
  readonly words: readonly string[]
  readonly description: string | undefined
}

/** A published schema, as far as it is read here. */
export interface Described {
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

/** Returns every field of a schema, those inside of others after them, below a path. */
export function fieldsOf({ properties = {}, required = [], anyOf = [] }: Described, path: string): Field[] {
  const own = Object.entries(properties).flatMap(([name, inner]) => {
    const place = `${path}.${name}${required.includes(name) ? '' : '?'}`
    const { description, enum: words = [] } = inner
    return [{ path: place, type: typeOf(inner), words, description }, ...fieldsOf(inner, place)]
  })
  return [...own, ...anyOf.flatMap((other) => fieldsOf(other, path))]
}

/** The schema of each public event, by its type, as the registry of schemas has it. */
export const published = Object.entries(publicDetails).map(([type, detail]) => {
  const schema = z.toJSONSchema(detail, { target: 'draft-4', io: 'input' }) as Described // as zod writes it
  return [type, schema] as const
})
