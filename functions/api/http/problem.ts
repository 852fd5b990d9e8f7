import { type ProblemCode, problemCodes } from '../../../contracts/problem-codes.ts'
import type { FieldError, ProblemDocument } from '../../../contracts/problem-document.ts'
import { counted } from '../../../events/phrases.ts'
import type { Rejection } from '../../domain/rejection.ts'

/** An answer other than success, thrown anywhere below a handler and mapped once by the middleware `errorAnswer`. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: string
  readonly errors: readonly FieldError[]
  /** Whom a request would leave out that would do nothing, and how many for each reason. */
  readonly nobody: Pick<ProblemDocument, 'leftOut' | 'leftOutCounts'>
  /** In how many seconds to try again, where that is known. */
  readonly retryAfter: number | undefined
  /** Which method is taken in place of the one that was sent. */
  readonly allow: string | undefined

  constructor(
    code: string,
    detail: string,
    {
      errors = [],
      retryAfter,
      allow,
      ...nobody
    }: {
      readonly errors?: readonly FieldError[]
      readonly retryAfter?: number
      readonly allow?: string
    } & Pick<ProblemDocument, 'leftOut' | 'leftOutCounts'> = {},
  ) {
    super(detail)
    this.code = code
    this.errors = errors
    this.nobody = nobody
    this.retryAfter = retryAfter
    this.allow = allow
  }
}

/** Returns the problem that tells of a refusal, with the fields that it names, and with whom the request would leave out. */
export function asProblem({ code, detail, fields = [] }: Rejection, nobody: Problem['nobody'] = {}): Problem {
  return new Problem(code, detail, { errors: fields, ...nobody })
}

/** Returns the problem that counts the fields of a request that are invalid, and names them; `told`: those of them that are told, where there are too many. */
export function invalidFields(errors: readonly FieldError[], told = errors): Problem {
  const detail = `${counted(errors.length, 'invalid field')}: see errors.`
  return new Problem('validation-failed', detail, { errors: told })
}

const known = (code: string): code is ProblemCode => Object.hasOwn(problemCodes, code)

/** Returns the HTTP status of a code. */
export function statusOf(code: string): number {
  return problemCodes[known(code) ? code : 'conflict'][0]
}

/** Returns the document that tells a client about a problem; `places` says where in what was sent its fields stand. What caused a 5xx stays in the log: its detail is generic. */
export function documentOf(
  problem: Problem,
  instance: string,
  correlationId: string,
  places: ReadonlyMap<string, object | undefined> = new Map(),
): ProblemDocument {
  const [status, title] = problemCodes[known(problem.code) ? problem.code : 'conflict']
  return {
    type: `urn:drydock:problem:${problem.code}`,
    title,
    status,
    detail:
      status >= 500
        ? `${title}. Try again; if it goes on, quote the correlation id ${correlationId}.`
        : problem.message,
    instance,
    code: problem.code,
    correlationId,
    ...(problem.errors.length > 0 && {
      errors: problem.errors.map((error) => ({ ...places.get(error.field), ...error })),
    }),
    ...problem.nobody,
  }
}
