import * as z from 'zod'
import { runtimeOfFile } from './file-runtime.ts'

/** What the tests read of `/openapi.json`. */
const content = z.record(z.string(), z.object({ schema: z.looseObject({}) }))
const operation = z.object({
  operationId: z.string(),
  responses: z.record(
    z.string(),
    z.object({
      description: z.string(),
      content: content.default({}),
      headers: z.record(z.string(), z.looseObject({})).default({}),
    }),
  ),
  requestBody: z.object({ content }).optional(),
  parameters: z.array(z.object({ name: z.string(), in: z.string(), schema: z.looseObject({}) })),
  security: z.array(z.looseObject({})),
})
const document = z.object({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), z.looseObject({})) }),
})
export type Description = z.output<typeof document>

let fetched: Promise<Description> | undefined

/** Returns the description that the runtime serves. */
export function description(): Promise<Description> {
  fetched ??= fetch(`${runtimeOfFile().url}/openapi.json`).then(async (response) =>
    document.parse(await response.json()),
  )
  return fetched
}

/** Returns the path as the description writes it, of one as a client asks for it; the most literal one where several fit. */
export function pathIn({ paths }: Description, asked: string): string | undefined {
  const segments = (asked.split('?')[0] ?? '').split('/')
  const literal = (path: string) => path.split('/').filter((segment) => !segment.startsWith('{')).length
  return Object.keys(paths)
    .filter((path) => {
      const own = path.split('/')
      return (
        own.length === segments.length &&
        own.every((segment, index) => segment.startsWith('{') || segment === segments[index])
      )
    })
    .toSorted((a, b) => literal(b) - literal(a))[0]
}

export interface Seen {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly contentType: string
  readonly body: unknown
}

const schemas = new WeakMap<object, z.ZodType>()

function schemaOf(json: Readonly<Record<string, unknown>>, described: Description): z.ZodType {
  const reference = typeof json.$ref === 'string' ? json.$ref.split('/').at(-1) : undefined
  const target = reference === undefined ? json : (described.components.schemas[reference] ?? {})
  const known = schemas.get(target)
  if (known) return known
  const made = z.fromJSONSchema(target)
  schemas.set(target, made)
  return made
}

/** Returns what an answer says that the description does not; empty when it is as described. */
export function strayingOf(
  described: Description,
  { method, path, status, contentType, body }: Seen,
): string[] {
  const template = pathIn(described, path)
  const found = template && described.paths[template]?.[method.toLowerCase()]
  if (!found) return [`${method} ${path} is not described`]
  const answer = found.responses[String(status)]
  if (!answer) return [`${found.operationId} answered ${status}, which is not described`]
  if (body === null && Object.keys(answer.content).length === 0) return []
  const media = answer.content[contentType.split(';')[0] ?? '']
  if (!media) return [`${found.operationId} answered ${status} as ${contentType}, which is not described`]
  const checked = schemaOf(media.schema, described).safeParse(body)
  return checked.success
    ? []
    : checked.error.issues.map(
        ({ path: at, message }) => `${found.operationId} ${status} ${at.join('.')}: ${message}`,
      )
}
