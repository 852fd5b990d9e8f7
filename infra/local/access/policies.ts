/** Who asks for something: a service itself, or a role by its ARN. */
export type Principal = { readonly service: string } | { readonly role: string }

/** The circumstances of a request, by the keys of conditions. A key may have several values. */
export type Context = Readonly<Record<string, string | readonly string[]>>

/** What is asked for, and under which circumstances. */
export interface Request {
  readonly principal: Principal
  readonly action: string
  readonly resource: string
  readonly context?: Context
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

/** Everything comes over TLS: services always call so, and on one machine nothing leaves it. */
const always = { 'aws:SecureTransport': 'true' }

const fields = ['Effect', 'Sid', 'Principal', 'Action', 'Resource', 'Condition']

/** Judges a request by the statements of policies. Throws for a form that this does not know, so that none is passed over. */
export function judge(statements: readonly Statement[], request: Request): Verdict {
  const hit = statements.filter((statement) => concerns(statement, request))
  if (hit.some(({ Effect }) => Effect === 'Deny')) return 'denied'
  return hit.length > 0 ? 'allowed' : 'nobody allows it'
}

/** Throws for a statement of a form that `judge` does not know, which it would otherwise say only when somebody asks. */
export function checkStatement(statement: Statement): void {
  const unknown = Object.keys(statement).filter((name) => !fields.includes(name))
  if (unknown.length > 0) throw new Error(`A statement has ${unknown.join(', ')}, which this does not know.`)
  if (!['Allow', 'Deny'].includes(statement.Effect))
    throw new Error(`A statement has the effect ${statement.Effect}, which this does not know.`)
  for (const operator of Object.keys(statement.Condition ?? {}))
    if (!Object.hasOwn(operators, operator))
      throw new Error(`A condition asks ${operator}, which this does not know.`)
}

function concerns(statement: Statement, request: Request): boolean {
  checkStatement(statement)
  const { Principal, Action, Resource, Condition = {} } = statement
  const context: Context = { ...always, ...request.context }
  return (
    (Principal === undefined || names(Principal, request.principal)) &&
    [Action].flat().some((action) => matches(action.toLowerCase(), request.action.toLowerCase())) &&
    (Resource === undefined || [Resource].flat().some((resource) => matches(resource, request.resource))) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(
        ([key, values]) => operators[operator]?.(given(context[key]), [values].flat()) ?? false,
      ),
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

type Operator = (given: readonly string[] | undefined, values: readonly string[]) => boolean

const like: Operator = (given, values) =>
  given?.some((one) => values.some((value) => matches(value, one))) ?? false
const equal: Operator = (given, values) => given?.some((one) => values.includes(one)) ?? false

/** What conditions may ask. Source: IAM User Guide, "IAM JSON policy elements: Condition operators". */
const operators: Readonly<Record<string, Operator>> = {
  StringEquals: equal,
  Bool: equal,
  StringLike: like,
  ArnEquals: like,
  ArnLike: like,
  Null: (given, values) => values.includes(String(given === undefined)),
  // Without the key it holds as well (AWS).
  'ForAllValues:StringLike': (given = [], values) =>
    given.every((one) => values.some((value) => matches(value, one))),
}

function given(value: string | readonly string[] | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value].flat()
}

function matches(pattern: string, value: string): boolean {
  const parts = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${parts}$`, 's').test(value)
}
