import { invalid } from './errors.ts'
import { parseExpression } from './expression.ts'
import { checkZone } from './zone.ts'

/** A schedule, as CreateSchedule and `AWS::Scheduler::Schedule` spell it. */
export interface ScheduleDefinition {
  readonly Name: string
  readonly GroupName: string
  readonly Description?: string
  readonly ScheduleExpression: string
  readonly ScheduleExpressionTimezone: string
  readonly State: 'ENABLED' | 'DISABLED'
  readonly ActionAfterCompletion: 'NONE' | 'DELETE'
  readonly FlexibleTimeWindow: { readonly Mode: 'OFF' }
  readonly Target: {
    readonly Arn: string
    readonly RoleArn: string
    readonly Input?: string
    readonly DeadLetterConfig?: { readonly Arn?: string }
    readonly RetryPolicy: { readonly MaximumEventAgeInSeconds: number; readonly MaximumRetryAttempts: number }
  }
}

type Fields = Readonly<Record<string, unknown>>

/** Checks what a caller wants to be scheduled, and fills in the defaults. What is not implemented is refused by name. */
export function definitionOf(input: unknown, name: unknown): ScheduleDefinition {
  const given = fields(input, 'The schedule', [
    'Name',
    'GroupName',
    'Description',
    'ScheduleExpression',
    'ScheduleExpressionTimezone',
    'State',
    'ActionAfterCompletion',
    'FlexibleTimeWindow',
    'Target',
    'ClientToken',
  ])
  const target = fields(given.Target, 'Target', [
    'Arn',
    'RoleArn',
    'Input',
    'DeadLetterConfig',
    'RetryPolicy',
  ])
  const retry = fields(target.RetryPolicy ?? {}, 'RetryPolicy', [
    'MaximumEventAgeInSeconds',
    'MaximumRetryAttempts',
  ])
  const flexible = fields(given.FlexibleTimeWindow, 'FlexibleTimeWindow', ['Mode', 'MaximumWindowInMinutes'])
  if (flexible.Mode !== 'OFF' || flexible.MaximumWindowInMinutes !== undefined)
    invalid('FlexibleTimeWindow: only the mode OFF is supported here')
  const deadLetter = fields(target.DeadLetterConfig ?? {}, 'DeadLetterConfig', ['Arn'])
  const timeZone = optionalText(given, 'ScheduleExpressionTimezone') ?? 'UTC'
  const expression = text(given, 'ScheduleExpression')
  try {
    checkZone(timeZone)
    parseExpression(expression, timeZone)
  } catch (error) {
    invalid(error instanceof Error ? error.message : String(error))
  }
  const description = optionalText(given, 'Description')
  const payload = optionalText(target, 'Input')
  const deadLetterArn = optionalText(deadLetter, 'Arn')
  return {
    Name: checkedName(name),
    GroupName: checkedName(given.GroupName ?? 'default'),
    ...(description !== undefined && { Description: description }),
    ScheduleExpression: expression,
    ScheduleExpressionTimezone: timeZone,
    State: oneOf(given, 'State', ['ENABLED', 'DISABLED']),
    ActionAfterCompletion: oneOf(given, 'ActionAfterCompletion', ['NONE', 'DELETE']),
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: text(target, 'Arn'),
      RoleArn: text(target, 'RoleArn'),
      ...(payload !== undefined && { Input: payload }),
      ...(deadLetterArn !== undefined && { DeadLetterConfig: { Arn: deadLetterArn } }),
      RetryPolicy: {
        MaximumEventAgeInSeconds: whole(retry, 'MaximumEventAgeInSeconds', 60, 86_400, 86_400),
        MaximumRetryAttempts: whole(retry, 'MaximumRetryAttempts', 0, 185, 185),
      },
    },
  }
}

/** Checks the name of a schedule or a group. */
export function checkedName(name: unknown): string {
  if (typeof name === 'string' && /^[0-9a-zA-Z\-_.]{1,64}$/.test(name)) return name
  return invalid(
    `Value '${String(name)}' at 'name' must be 1 to 64 letters, digits, dots, hyphens or underscores`,
  )
}

function fields(value: unknown, what: string, names: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return invalid(`${what} must be an object`)
  const unknown = Object.keys(value).find((name) => !names.includes(name))
  if (unknown !== undefined) invalid(`${what}: the property ${unknown} is not supported here`)
  return value as Fields // an object, as checked above
}

function text(given: Fields, name: string): string {
  return (
    optionalText(given, name) ??
    invalid(`Value null at '${name}' failed to satisfy constraint: it is required`)
  )
}

function optionalText(given: Fields, name: string): string | undefined {
  const value = given[name]
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' && value !== '' ? value : invalid(`${name} must be a text`)
}

function oneOf<const Value extends string>(
  given: Fields,
  name: string,
  values: readonly [Value, ...Value[]],
): Value {
  const value = given[name] ?? values[0]
  return values.find((one) => one === value) ?? invalid(`${name} must be one of ${values.join(', ')}`)
}

function whole(given: Fields, name: string, low: number, high: number, otherwise: number): number {
  const value = given[name] ?? otherwise
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high
  return fits ? value : invalid(`${name} must be a whole number from ${low} to ${high}`)
}
