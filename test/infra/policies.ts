/** Who asks for something: a service itself, or a role by its ARN. */
export type Principal = { readonly service: string } | { readonly role: string }

/** What is asked for, and under which circumstances. */
export interface Request {
  readonly principal: Principal
  readonly action: string
  readonly resource: string
  readonly context?: Readonly<Record<string, string>>
}

export interface Statement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: '*' | Readonly<Record<string, string | readonly string[]>>
  readonly Action: string | readonly string[]
  readonly Resource?: string | readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>
}

/** What policies say of a request, as IAM decides: one Deny outweighs every Allow, and without an Allow nothing is allowed. */
export type Verdict = 'allowed' | 'denied' | 'nobody allows it'

/** Everything comes over TLS: services always call so. */
const always = { 'aws:SecureTransport': 'true' }

/** Judges a request by the statements of one policy. Throws for a form that this does not know, so that none is passed over. */
export function judge(statements: readonly Statement[], request: Request): Verdict {
  const hit = statements.filter((statement) => concerns(statement, request))
  if (hit.some(({ Effect }) => Effect === 'Deny')) return 'denied'
  return hit.length > 0 ? 'allowed' : 'nobody allows it'
}

function concerns({ Principal, Action, Resource, Condition = {}, ...rest }: Statement, request: Request) {
  const unknown = Object.keys(rest).filter((name) => !['Effect', 'Sid'].includes(name))
  if (unknown.length > 0) throw new Error(`A statement has ${unknown.join(', ')}, which this does not know.`)
  const context: Request['context'] = { ...always, ...request.context }
  return (
    (Principal === undefined || names(Principal, request.principal)) &&
    [Action].flat().some((action) => matches(action.toLowerCase(), request.action.toLowerCase())) &&
    (Resource === undefined || [Resource].flat().some((resource) => matches(resource, request.resource))) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, values]) => holds(operator, context[key], [values].flat())),
    )
  )
}

function names(principal: NonNullable<Statement['Principal']>, asking: Principal): boolean {
  if (principal === '*') return true
  return Object.entries(principal).some(([kind, values]) =>
    [values].flat().some((value) => {
      if (kind === 'Service') return 'service' in asking && asking.service === value
      if (kind !== 'AWS') throw new Error(`A principal is of the kind ${kind}, which this does not know.`)
      // The account stands for those to whom its own policies give the right; that is asked apart. A service is never of it.
      return value === '*' || ('role' in asking && asking.role === value)
    }),
  )
}

function holds(operator: string, given: string | undefined, values: readonly string[]): boolean {
  switch (operator) {
    case 'StringEquals':
      return given !== undefined && values.includes(given)
    case 'ArnEquals':
    case 'ArnLike':
    case 'StringLike':
      return given !== undefined && values.some((value) => matches(value, given))
    case 'Bool':
      return given !== undefined && values.includes(given)
    // Without the key it holds as well (AWS).
    case 'ForAllValues:StringLike':
      return given === undefined || values.some((value) => matches(value, given))
    default:
      throw new Error(`A condition asks ${operator}, which this does not know.`)
  }
}

function matches(pattern: string, value: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(value)
}
