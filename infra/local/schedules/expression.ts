import { cronOccurrences } from './cron.ts'
import { instantAt } from './zone.ts'

/** When a schedule fires. */
export type Timing =
  | { readonly kind: 'at'; readonly instant: number }
  | { readonly kind: 'rate'; readonly milliseconds: number }
  | { readonly kind: 'cron'; next(after: number): number | undefined }

const unitMilliseconds: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
}

/**
 * Reads a schedule expression in a time zone. A one-time schedule in a spring gap is the first instant after it.
 * Throws an error that says what is wrong. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export function parseExpression(expression: string, timeZone: string): Timing {
  const [, kind, inside = ''] = /^(at|rate|cron)\((.*)\)$/.exec(expression) ?? []
  if (kind === 'at') {
    const wall = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(inside) ? Date.parse(`${inside}Z`) : Number.NaN
    if (Number.isNaN(wall) || new Date(wall).toISOString().slice(0, 19) !== inside)
      throw new Error(
        `Invalid Schedule Expression ${expression}: at(yyyy-mm-ddThh:mm:ss) needs an existing date.`,
      )
    return { kind: 'at', instant: instantAt(wall, timeZone).instant }
  }
  if (kind === 'rate') {
    const [, count = '0', unit = ''] = /^([1-9]\d*) (minute|hour|day)s?$/.exec(inside) ?? []
    const milliseconds = Number(count) * (unitMilliseconds[unit] ?? 0)
    if (milliseconds === 0)
      throw new Error(
        `Invalid Schedule Expression ${expression}: use rate(n minutes), rate(n hours) or rate(n days).`,
      )
    return { kind: 'rate', milliseconds }
  }
  if (kind === 'cron') return { kind: 'cron', next: cronOccurrences(inside, timeZone) }
  throw new Error(`Invalid Schedule Expression ${expression}: use at(…), rate(…) or cron(…).`)
}
