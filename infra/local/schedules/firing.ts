import { randomUUID } from 'node:crypto'
import type { DeadLetter, Delivery } from '../deliveries.ts'
import type { ScheduleDefinition } from './definition.ts'
import { parseExpression } from './expression.ts'

/** What a firing delivers before its context attributes are filled in. */
interface Firing {
  readonly input: string
  readonly attributes: Readonly<Record<string, string>>
}

/** When a schedule fires first. A rate starts at once, as AWS does without a StartDate; null when it never will. */
export function firstDue(definition: ScheduleDefinition, now: number): number | null {
  const timing = timingOf(definition)
  if (timing.kind === 'at') return timing.instant
  return timing.kind === 'rate' ? now : (timing.next(now) ?? null)
}

/** The latest occurrence that is due, earlier ones were missed and are not made up for, and the one after it. */
export function occurrence(
  definition: ScheduleDefinition,
  due: number,
  now: number,
): { readonly scheduledAt: number; readonly next: number | null } {
  const timing = timingOf(definition)
  if (timing.kind === 'at') return { scheduledAt: due, next: null }
  if (timing.kind === 'rate') {
    const scheduledAt = due + Math.floor((now - due) / timing.milliseconds) * timing.milliseconds
    return { scheduledAt, next: scheduledAt + timing.milliseconds }
  }
  return { scheduledAt: due, next: timing.next(now) ?? null }
}

/** What is delivered for an occurrence of a schedule. */
export function firingOf(
  { Target }: ScheduleDefinition,
  scheduledAt: number,
  place: { readonly arn: string; readonly region: string; readonly account: string },
): Delivery {
  const { arn } = place
  const time = new Date(scheduledAt).toISOString().replace(/\.\d+Z$/, 'Z')
  const deadLetterArn = Target.DeadLetterConfig?.Arn
  return {
    targetArn: Target.Arn,
    payload: {
      input: Target.Input ?? defaultInput(time, place),
      attributes: { 'schedule-arn': arn, 'scheduled-time': time, 'execution-id': randomUUID() },
    } satisfies Firing,
    since: scheduledAt,
    maximumAttempts: Target.RetryPolicy.MaximumRetryAttempts + 1,
    maximumAgeSeconds: Target.RetryPolicy.MaximumEventAgeInSeconds,
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
    origin: { SCHEDULE_ARN: arn },
  }
}

/** What an attempt to deliver a firing sends: the context attributes filled in, and a text that is JSON as its value. */
export function inputFor(payload: unknown, attempt: number): unknown {
  const { input, attributes } = payload as Firing // written by firingOf()
  const values: Readonly<Record<string, string>> = { ...attributes, 'attempt-number': String(attempt) }
  const text = input.replace(
    /<aws\.scheduler\.(schedule-arn|scheduled-time|execution-id|attempt-number)>/g,
    (_, name: string) => values[name] ?? '',
  )
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The letter for a firing that was given up, with the input of its last attempt. */
export function letterFor(letter: DeadLetter): DeadLetter {
  return { ...letter, body: inputFor(letter.body, Number(letter.attributes.RETRY_ATTEMPTS) + 1) }
}

function timingOf({ ScheduleExpression, ScheduleExpressionTimezone }: ScheduleDefinition) {
  return parseExpression(ScheduleExpression, ScheduleExpressionTimezone)
}

function defaultInput(
  time: string,
  { arn, region, account }: { readonly arn: string; readonly region: string; readonly account: string },
): string {
  return JSON.stringify({
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account,
    time,
    region,
    resources: [arn],
    detail: '{}',
  })
}
