import jsonata from 'jsonata'
import { EvaluationFailed } from './errors.ts'
import { AWS_FUNCTIONS } from './functions.ts'

/** What an expression can see: `$states` and the workflow's variables. */
export interface Scope {
  readonly states: Readonly<Record<string, unknown>>
  readonly variables: Readonly<Record<string, unknown>>
  /** Milliseconds since the epoch that `$now()` and `$millis()` tell. */
  readonly now: number
}

const compiled = new Map<string, jsonata.Expression>()

/** The JSONata text inside exactly `{% … %}`; anything else is a literal and gives undefined. */
export function expressionIn(value: unknown): string | undefined {
  return typeof value === 'string' && value.length >= 4 && value.startsWith('{%') && value.endsWith('%}')
    ? value.slice(2, -2).trim()
    : undefined
}

/** Parses an expression once. Throws jsonata's error when it is not valid JSONata. */
export function compile(expression: string): jsonata.Expression {
  const known = compiled.get(expression)
  if (known !== undefined) return known
  const parsed = jsonata(expression)
  compiled.set(expression, parsed)
  return parsed
}

/**
 * The value of a template: every expression in it evaluated, the rest as it stands.
 * @param field where the template stands in its state, such as `Output`; nested keys are added with a slash
 * @throws EvaluationFailed with AWS's cause
 */
export async function evaluate(template: unknown, field: string, scope: Scope): Promise<unknown> {
  const expression = expressionIn(template)
  if (expression !== undefined) return evaluateExpression(expression, field, scope)
  if (Array.isArray(template)) {
    const values: unknown[] = []
    for (const [index, item] of template.entries())
      values.push(await evaluate(item, `${field}[${index}]`, scope))
    return values
  }
  if (typeof template === 'object' && template !== null) {
    const values: [string, unknown][] = []
    for (const [key, item] of Object.entries(template)) {
      values.push([key, await evaluate(item, `${field}/${key}`, scope)])
    }
    return Object.fromEntries(values)
  }
  return template
}

type TypeName = 'string' | 'number' | 'boolean' | 'array'
interface TypeOf {
  string: string
  number: number
  boolean: boolean
  array: unknown[]
}

/**
 * The value of a template that has to be of one type.
 * @throws EvaluationFailed with AWS's cause when it is of another
 */
export async function evaluateTyped<Name extends TypeName>(
  template: unknown,
  field: string,
  expected: Name,
  scope: Scope,
): Promise<TypeOf[Name]> {
  const value = await evaluate(template, field, scope)
  const actual = typeName(value)
  // The comparison is what makes the cast true: typeName names the type of the value.
  if (actual === expected) return value as TypeOf[Name]
  throw new EvaluationFailed(
    field,
    `The JSONata expression '${expressionIn(template) ?? JSON.stringify(template)}' specified for the field '${field}' ` +
      `returned an unexpected result type. Expected '${expected}', but was '${actual}' for value: ${JSON.stringify(value)}`,
  )
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

async function evaluateExpression(expression: string, field: string, scope: Scope): Promise<unknown> {
  const failed = (problem: string) =>
    new EvaluationFailed(
      field,
      `The JSONata expression '${expression}' specified for the field '${field}' ${problem}`,
    )
  let value: unknown
  try {
    value = await compile(expression).evaluate(undefined, bindings(scope))
  } catch (error) {
    throw failed(`threw an error during evaluation. ${describe(error)}`)
  }
  if (value === undefined) throw failed('returned nothing (undefined).')
  if (!isJson(value)) throw failed('returned an unsupported result type.')
  // Drops the marks that jsonata leaves on its sequences, and anything shared with the input.
  return JSON.parse(JSON.stringify(value))
}

function bindings(scope: Scope): Record<string, unknown> {
  return {
    ...AWS_FUNCTIONS,
    millis: () => scope.now,
    now: (picture?: string, timezone?: string) =>
      picture === undefined
        ? new Date(scope.now).toISOString()
        : compile('$fromMillis($instant, $picture, $timezone)').evaluate(undefined, {
            instant: scope.now,
            picture,
            timezone,
          }),
    eval: () => {
      throw new Error('$eval is not available in Step Functions; $parse reads JSON')
    },
    ...scope.variables,
    states: scope.states,
  }
}

/** Functions and regular expressions have no JSON form; jsonata gives both as functions or marked objects. */
function isJson(value: unknown): boolean {
  if (typeof value === 'function') return false
  if (typeof value !== 'object' || value === null) return true
  if ('_jsonata_lambda' in value || '_jsonata_function' in value) return false
  return Object.values(value).every(isJson)
}

function describe(error: unknown): string {
  if (!(error instanceof Error) && (typeof error !== 'object' || error === null)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : ''
  return `${code}${'message' in error ? String(error.message) : String(error)}`
}
