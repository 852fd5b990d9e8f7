import type * as z from 'zod'
import { counted } from '../../../contracts/phrases.ts'
import {
  repeatedColumns,
  targetColumns,
  targetOfRow,
  unknownColumns,
} from '../../../contracts/target-file.ts'
import type { registration } from '../../../contracts/targets.ts'
import { misused } from '../failure.ts'
import type { Session } from '../session.ts'
import { jsonIn, textOf } from './files.ts'

export type Registration = z.output<typeof registration>

/** A target of a file, and where it stands there. */
export interface Listed {
  readonly place: string
  readonly target: Registration
}

/** In bytes: some hundred thousand targets. */
const largestFile = 64 * 1024 * 1024
/** So many faults of a file are told. */
const mostFaults = 20

/** A target as it was written, before anything is checked. */
interface Raw {
  readonly place: string
  readonly value: unknown
}

/**
 * Reads all targets of a file, CSV or JSON, and holds them against the contract. Throws a Failure that names each fault by its place: nothing is
 * sent of a file that has any.
 */
export async function targetsIn(file: string, session: Session): Promise<readonly Listed[]> {
  const text = await textOf(file, session, largestFile)
  const raw = /^\s*[[{]/.test(text) ? ofJson(text, file) : await ofCsv(text, file)
  if (raw.length === 0) throw misused(`${file} holds no targets.`)
  const { registration } = await import('../../../contracts/targets.ts')
  const faults: string[] = []
  const seen = new Map<string, string>()
  const listed = raw.flatMap(({ place, value }): Listed[] => {
    const read = registration.safeParse(value)
    if (!read.success) {
      for (const { path, message } of read.error.issues)
        faults.push(`  ${place}, ${columnOf(path)}: ${inWords(message)}`)
      return []
    }
    const before = seen.get(read.data.id)
    if (before !== undefined) faults.push(`  ${place}, id: ${read.data.id} stands at ${before} already`)
    seen.set(read.data.id, place)
    return [{ place, target: read.data }]
  })
  if (faults.length === 0) return listed
  const more = faults.length > mostFaults ? [`  and ${faults.length - mostFaults} more`] : []
  throw misused(
    `${file} has ${counted(faults.length, 'fault')}; nothing was sent.`,
    ...faults.slice(0, mostFaults),
    ...more,
  )
}

function ofJson(text: string, file: string): readonly Raw[] {
  const read = jsonIn(text, file)
  const list = Array.isArray(read)
    ? read
    : typeof read === 'object' && read !== null && 'targets' in read
      ? read.targets
      : undefined
  if (!Array.isArray(list)) throw misused(`${file} must be a list of targets, or {"targets": […]}.`)
  return list.map((value, index) => ({ place: `targets.${index}`, value }))
}

/** Reads the targets of a text in CSV, unchecked. Throws a Failure that says what is wrong with it, where it is none. */
export async function ofCsv(text: string, file: string): Promise<readonly Raw[]> {
  const { parse } = await import('csv-parse/sync')
  let header: readonly string[] = []
  let records: readonly {
    readonly record: Readonly<Record<string, string>>
    readonly info: { readonly lines: number }
  }[]
  try {
    records = parse(text, {
      ...{ bom: true, info: true, skip_empty_lines: true, trim: true },
      columns(first: string[]) {
        header = first
        return first
      },
      max_record_size: 64 * 1024,
    })
  } catch (error) {
    throw misused(`${file} is no CSV: ${faultOf(error)}.`)
  }
  const twice = repeatedColumns(header)
  if (twice.length > 0)
    throw misused(`${file} has columns twice: ${twice.join(', ')}.`, 'Next: leave each of them once.')
  const unknown = unknownColumns(header)
  if (unknown.length > 0)
    throw misused(
      `${file} has columns that are none: ${unknown.join(', ')}.`,
      unknown.some((name) => /[;\t]/.test(name))
        ? 'Next: separate columns by commas.'
        : `Next: name them ${targetColumns}.`,
    )
  return records.map(({ record, info }) => ({ place: `line ${info.lines}`, value: targetOfRow(record) }))
}

/** Returns what is wrong with a text that is no CSV, as somebody would say it who looks at the file. */
function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, lines } = error as { code?: string; lines?: number }
  const at = lines === undefined ? '' : `line ${lines}: `
  switch (code) {
    case 'CSV_RECORD_INCONSISTENT_COLUMNS':
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return `${at}it has more or fewer fields than the first line has columns. What holds a comma is put in double quotes`
    case 'CSV_QUOTE_NOT_CLOSED':
      return `${at}a double quote is opened there, or before, and never closed`
    case 'CSV_INVALID_CLOSING_QUOTE':
    case 'INVALID_OPENING_QUOTE':
      return `${at}a double quote stands inside of a field. Quote the whole field, and write a quote in it twice`
    case 'CSV_MAX_RECORD_SIZE':
      return `${at}it is longer than 64 KB. A double quote may be missing before`
    default:
      return `${at}${error.message}`
  }
}

/** Returns a field by the column that it stands in. */
function columnOf(path: readonly PropertyKey[]): string {
  const [field, name] = path.map(String)
  const kinds: Readonly<Record<string, string>> = {
    components: 'component',
    tags: 'tag',
    environment: 'environment',
  }
  const kind = field === undefined ? undefined : kinds[field]
  return kind !== undefined && name !== undefined ? `${kind}:${name}` : path.join('.') || 'target'
}

/** Returns what a check says of a value without the words of whoever programs. */
function inWords(message: string): string {
  const [, expected, received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? []
  if (received === 'undefined') return 'it is missing'
  if (expected === 'boolean') return 'yes or no'
  return expected === undefined
    ? message
    : `it has to be ${expected === 'object' ? 'an object' : `a ${expected}`}`
}
