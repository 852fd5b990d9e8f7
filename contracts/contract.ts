import type * as z from 'zod'
import type { ProblemCode } from './problem-codes.ts'

/** What one operation takes and answers. Requests are checked against it, and `/openapi.json` is made from it. */
export interface Contract {
  readonly summary: string
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  /** Names in lower case; other headers are nobody's business. */
  readonly headers?: z.ZodObject
  readonly body?: z.ZodType
  /** What `/openapi.json` says of the body where the domain checks it. */
  readonly describedBody?: z.ZodType
  /** Is the body a document that people write? It may then be YAML as well, and what is wrong in it is told with line and column. */
  readonly document?: true
  /** The largest body in bytes, where it is another than usual. */
  readonly largestBody?: number
  /** What an absent body means, where it may be absent. */
  readonly absentBody?: unknown
  /** By status; the schema of one without a body is `z.undefined()`. */
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema: z.ZodType }>>
  /** Are its answers Markdown, and no JSON? */
  readonly markdown?: true
  /** Are its answers files of the form zip? */
  readonly zip?: true
  /** Are its answers text as Prometheus reads it? */
  readonly openMetrics?: true
  /** Do its answers carry an ETag? A read that names it in If-None-Match is answered 304 while nothing has changed. */
  readonly tagged?: true
  /** Problems of its own beside those that every route can answer. */
  readonly problems?: readonly ProblemCode[]
}

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : Readonly<Record<never, never>>

/** The checked parts of a request as its contract types them. */
export interface Checked<C extends Contract> {
  readonly params: Parsed<C['params']>
  readonly query: Parsed<C['query']>
  readonly headers: Parsed<C['headers']>
  readonly body: C['body'] extends z.ZodType ? z.output<C['body']> : undefined
}
