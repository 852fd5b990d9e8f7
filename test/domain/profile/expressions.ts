import type { Expression } from './oracle.ts'

const nth = (day: number): number => Math.ceil(day / 7)

/** Fifty expressions and what each of them means, written by hand. */
export const expressions: readonly Expression[] = [
  // Every hour in which clocks are changed somewhere, to the minute and beside it.
  ['0 0 * * *', ({ minute, hour }) => minute === 0 && hour === 0],
  ['30 0 * * *', ({ minute, hour }) => minute === 30 && hour === 0],
  ['0 1 * * *', ({ minute, hour }) => minute === 0 && hour === 1],
  ['30 1 * * *', ({ minute, hour }) => minute === 30 && hour === 1],
  ['59 1 * * *', ({ minute, hour }) => minute === 59 && hour === 1],
  ['0 2 * * *', ({ minute, hour }) => minute === 0 && hour === 2],
  ['15 2 * * *', ({ minute, hour }) => minute === 15 && hour === 2],
  ['30 2 * * *', ({ minute, hour }) => minute === 30 && hour === 2],
  ['45 2 * * *', ({ minute, hour }) => minute === 45 && hour === 2],
  ['0 3 * * *', ({ minute, hour }) => minute === 0 && hour === 3],
  ['30 3 * * *', ({ minute, hour }) => minute === 30 && hour === 3],
  ['0 4 * * *', ({ minute, hour }) => minute === 0 && hour === 4],
  ['0 22 * * *', ({ minute, hour }) => minute === 0 && hour === 22],
  ['30 23 * * *', ({ minute, hour }) => minute === 30 && hour === 23],
  // Many times a day.
  ['0 * * * *', ({ minute }) => minute === 0],
  ['*/30 * * * *', ({ minute }) => minute % 30 === 0],
  ['*/15 * * * *', ({ minute }) => minute % 15 === 0],
  ['7/20 * * * *', ({ minute }) => minute >= 7 && (minute - 7) % 20 === 0],
  ['5,35 * * * *', ({ minute }) => minute === 5 || minute === 35],
  ['0 */2 * * *', ({ minute, hour }) => minute === 0 && hour % 2 === 0],
  ['0 1-3 * * *', ({ minute, hour }) => minute === 0 && hour >= 1 && hour <= 3],
  ['10-50/20 0-4 * * *', ({ minute, hour }) => [10, 30, 50].includes(minute) && hour <= 4],
  ['*/10 2 * * *', ({ minute, hour }) => minute % 10 === 0 && hour === 2],
  ['0,30 1,2 * * *', ({ minute, hour }) => minute % 30 === 0 && (hour === 1 || hour === 2)],
  // By weekday.
  ['0 2 * * 0', ({ minute, hour, weekday }) => minute === 0 && hour === 2 && weekday === 0],
  ['30 2 * * 7', ({ minute, hour, weekday }) => minute === 30 && hour === 2 && weekday === 0],
  ['0 2 * * sun', ({ minute, hour, weekday }) => minute === 0 && hour === 2 && weekday === 0],
  ['30 1 * * SUN', ({ minute, hour, weekday }) => minute === 30 && hour === 1 && weekday === 0],
  ['0 23 * * 6', ({ minute, hour, weekday }) => minute === 0 && hour === 23 && weekday === 6],
  ['0 1 * * 1', ({ minute, hour, weekday }) => minute === 0 && hour === 1 && weekday === 1],
  ['0 1 * * 3', ({ minute, hour, weekday }) => minute === 0 && hour === 1 && weekday === 3],
  [
    '0 0 * * 4,5',
    ({ minute, hour, weekday }) => minute === 0 && hour === 0 && (weekday === 4 || weekday === 5),
  ],
  [
    '30 2 * * mon-fri',
    ({ minute, hour, weekday }) => minute === 30 && hour === 2 && weekday >= 1 && weekday <= 5,
  ],
  [
    '0 2 * * 6-7',
    ({ minute, hour, weekday }) => minute === 0 && hour === 2 && (weekday === 6 || weekday === 0),
  ],
  ['30 1 * * */2', ({ minute, hour, weekday }) => minute === 30 && hour === 1 && weekday % 2 === 0],
  // Patterns by which clocks are changed: the second, first, last Sunday; the last Friday; and their like.
  [
    '0 2 * * 0#2',
    ({ minute, hour, weekday, day }) => minute === 0 && hour === 2 && weekday === 0 && nth(day) === 2,
  ],
  [
    '30 1 * * 0#1',
    ({ minute, hour, weekday, day }) => minute === 30 && hour === 1 && weekday === 0 && nth(day) === 1,
  ],
  [
    '30 2 * * 0L',
    ({ minute, hour, weekday, day, lastDay }) =>
      minute === 30 && hour === 2 && weekday === 0 && day > lastDay - 7,
  ],
  [
    '30 1 * * sunL',
    ({ minute, hour, weekday, day, lastDay }) =>
      minute === 30 && hour === 1 && weekday === 0 && day > lastDay - 7,
  ],
  [
    '0 0 * * 5L',
    ({ minute, hour, weekday, day, lastDay }) =>
      minute === 0 && hour === 0 && weekday === 5 && day > lastDay - 7,
  ],
  [
    '30 2 * * 0#1,0#2',
    ({ minute, hour, weekday, day }) => minute === 30 && hour === 2 && weekday === 0 && nth(day) <= 2,
  ],
  // By day of the month, and both.
  ['0 1 1 * *', ({ minute, hour, day }) => minute === 0 && hour === 1 && day === 1],
  ['30 2 8-14 * *', ({ minute, hour, day }) => minute === 30 && hour === 2 && day >= 8 && day <= 14],
  ['30 2 L * *', ({ minute, hour, day, lastDay }) => minute === 30 && hour === 2 && day === lastDay],
  [
    '0 2 25-31 3,10 *',
    ({ minute, hour, day, month }) =>
      minute === 0 && hour === 2 && day >= 25 && (month === 3 || month === 10),
  ],
  [
    '30 1 1-7 nov *',
    ({ minute, hour, day, month }) => minute === 30 && hour === 1 && day <= 7 && month === 11,
  ],
  [
    '0 4 1 */3 *',
    ({ minute, hour, day, month }) => minute === 0 && hour === 4 && day === 1 && month % 3 === 1,
  ],
  [
    '30 2 1-7 4 0',
    ({ minute, hour, day, month, weekday }) =>
      minute === 30 && hour === 2 && month === 4 && (day <= 7 || weekday === 0),
  ],
  [
    '0 0 13 * 5',
    ({ minute, hour, day, weekday }) => minute === 0 && hour === 0 && (day === 13 || weekday === 5),
  ],
  [
    '30 1 L * 0#1',
    ({ minute, hour, day, lastDay, weekday }) =>
      minute === 30 && hour === 1 && (day === lastDay || (weekday === 0 && nth(day) === 1)),
  ],
]
