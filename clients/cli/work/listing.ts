import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { Session } from '../session.ts'
import { sayTable } from '../terminal/table.ts'

/** The columns of a table: what stands above each, and what of a row is in it. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => string | number | null | undefined>>

/** Says a list: as JSON under its name, or as a table. */
export function sayList<Row>(
  { console, json }: Session,
  {
    name,
    rows,
    columns,
  }: { readonly name: string; readonly rows: readonly Row[]; readonly columns: Columns<Row> },
): ExitCode {
  if (json) console.json({ [name]: rows, count: rows.length })
  else if (rows.length === 0) console.say(`No ${name}.`)
  else
    sayTable(
      console,
      Object.keys(columns),
      rows.map((row) => Object.values(columns).map((cell) => String(cell(row) ?? '-'))),
    )
  return exitCodes.done
}

/** Says one thing: as JSON, or what it is called and then a line for each of its fields. */
export function sayOne(
  { console, json }: Session,
  whole: unknown,
  title: string,
  fields: Readonly<Record<string, string | number | null | undefined>>,
): ExitCode {
  if (json) {
    console.json(whole)
    return exitCodes.done
  }
  console.say(title)
  const there = Object.entries(fields).filter(
    ([, value]) => value !== null && value !== undefined && value !== '',
  )
  const width = Math.max(...there.map(([label]) => label.length))
  for (const [label, value] of there) console.tell(`  ${label.padEnd(width)}  `, String(value))
  return exitCodes.done
}
