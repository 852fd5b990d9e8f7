import cronstrue from 'cronstrue'

/** Returns a schedule in words: "At 2:00 AM, only on Sunday (America/New_York)". The expression has to be valid. */
export function describeSchedule(expression: string, timezone: string): string {
  const words = cronstrue.toString(expression.trim(), { use24HourTimeFormat: false })
  return `${words.replaceAll(/\b0(\d:\d\d [AP]M)/g, '$1')} (${timezone})`
}
