import { InvalidArgumentError } from 'commander'

/** Reads a whole number in these bounds. */
export const whole =
  (smallest: number, largest: number) =>
  (text: string): number => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (!(number >= smallest && number <= largest))
      throw new InvalidArgumentError(`A whole number from ${smallest} to ${largest} is wanted.`)
    return number
  }

/** Reads a share in percent, with or without the sign. */
export function percent(text: string): number {
  const number = /^\d{1,3}(\.\d{1,6})?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN
  if (!(number >= 0 && number <= 100))
    throw new InvalidArgumentError('A number of percent from 0 to 100 is wanted.')
  return number
}

/** Reads shares in percent with commas between, of an option that may be given again. */
export function percents(text: string, before: readonly string[] = []): readonly string[] {
  return list(text, before).map((share) => String(percent(share)))
}

/** Reads NAME or NAME@REVISION. */
export function revised(text: string): string {
  if (!/^[^@]+(@[1-9]\d{0,8})?$/.test(text))
    throw new InvalidArgumentError('A name is wanted, or one of its revisions, as node@3.')
  return text
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Reads a length of time in seconds: 90, 90s, 15m, 24h, 7d. */
export function duration(text: string): number {
  const [, count = '', unit = 's'] = /^(\d{1,8})([smhd]?)$/.exec(text) ?? []
  if (count === '') throw new InvalidArgumentError('A length of time is wanted: 90s, 15m, 24h or 7d.')
  return Number(count) * (unitSeconds[unit || 's'] ?? 1)
}

/** Reads values with commas between, of an option that may be given again. */
export function list(text: string, before: readonly string[] = []): readonly string[] {
  const values = text.split(',').map((value) => value.trim())
  if (values.some((value) => value === ''))
    throw new InvalidArgumentError('Values with commas between are wanted.')
  return [...before, ...values]
}

/** Reads NAME=VALUE, of an option that may be given again. */
export function pair(text: string, before: readonly string[] = []): readonly string[] {
  if (!/^[^=]+=/.test(text)) throw new InvalidArgumentError('NAME=VALUE is wanted.')
  return [...before, text]
}

/** Reads one value of an option that may be given again. */
export function each(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}

/** Reads an instant in UTC: 2026-01-31T02:00:00Z. */
export function instant(text: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/.test(text) && !Number.isNaN(Date.parse(text)))
    return new Date(text).toISOString()
  throw new InvalidArgumentError('An instant in UTC is wanted: 2026-01-31T02:00:00Z.')
}

/** Reads how many may fail, as a number or a share. */
export function threshold(text: string): string {
  if (!/^(\d{1,7}|\d{1,3}(\.\d{1,6})?%)$/.test(text))
    throw new InvalidArgumentError('A number of targets, or of percent as 5%, is wanted.')
  return text
}
