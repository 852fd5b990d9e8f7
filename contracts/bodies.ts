import type * as z from 'zod'
import type { contracts } from './api.ts'
import type { Operation } from './routes.ts'

// Types alone: no schema is loaded by a browser.
type Contracts = typeof contracts
type Schemas<Name extends Operation> = Contracts[Name]['answers'][keyof Contracts[Name]['answers']]

/** What an operation answers when it has done what was asked. */
export type AnswerOf<Name extends Operation> =
  Schemas<Name> extends { readonly schema: infer Schema extends z.ZodType } ? z.output<Schema> : never

/** What an operation takes as its body. */
export type BodyOf<Name extends Operation> = Contracts[Name] extends {
  readonly body: infer Body extends z.ZodType
}
  ? z.input<Body>
  : undefined
