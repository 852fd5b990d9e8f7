import type { Config } from './config.ts'

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

/** Is an instant, in milliseconds, within the hours in which something may be changed here? An end that is not later than the start is on the next day. */
export function isOpen(
  { enabled, days, startTime, endTime, timezone }: Config['maintenanceWindow'],
  now: number,
): boolean {
  if (!enabled) return true
  const local = (at: number) => {
    const parts = new Intl.DateTimeFormat('en-GB', {
      ...{ timeZone: timezone, weekday: 'long', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    }).formatToParts(at)
    const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
    return { day: part('weekday').toLowerCase(), minute: Number(part('hour')) * 60 + Number(part('minute')) }
  }
  const named: readonly string[] = days
  const order = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
  const { day, minute } = local(now)
  const [start, end] = [minutesOf(startTime), minutesOf(endTime)]
  if (start < end) return named.includes(day) && minute >= start && minute < end
  const before = order[(order.indexOf(day) + 6) % 7] ?? ''
  return (named.includes(day) && minute >= start) || (named.includes(before) && minute < end)
}
