import { parse } from 'csv-parse/browser/esm/sync'
import { repeatedNames } from '../../../contracts/repeated-names.ts'
import {
  batchesOf,
  repeatedColumns,
  targetColumns,
  targetOfRow,
  unknownColumns,
} from '../../../contracts/target-file.ts'

/** So many targets are sent in one request. */
const mostInOne = 1000

/** Returns the targets of a file, JSON or CSV, as they are sent. Throws why it is none; what is wrong in a field the API says. */
export function targetsIn(text: string): readonly object[] {
  const targets = /^\s*[[{]/.test(text) ? ofJson(text) : ofCsv(text)
  if (targets.length === 0) throw new Error('The file holds no targets.')
  return targets
}

/** Returns the targets in parts, each of which is one request. */
export function inParts(targets: readonly object[]): readonly (readonly object[])[] {
  return [...batchesOf(targets, (target) => target, mostInOne)]
}

function ofJson(text: string): readonly object[] {
  const read: unknown = JSON.parse(text)
  // What is sent would say it once.
  const [twice] = repeatedNames(text, 1)
  if (twice !== undefined) throw new Error(`It says ${twice} twice. Leave each field once.`)
  const list = typeof read === 'object' && read !== null && 'targets' in read ? read.targets : read
  if (!Array.isArray(list) || !list.every((one) => typeof one === 'object' && one !== null))
    throw new Error('It has to be a list of targets, or {"targets": […]}.')
  return list
}

function ofCsv(text: string): readonly object[] {
  let header: readonly string[] = []
  const records: readonly Readonly<Record<string, string>>[] = parse(text, {
    ...{ bom: true, skip_empty_lines: true, trim: true },
    columns(first: string[]) {
      header = first
      return first
    },
    max_record_size: 64 * 1024,
  })
  const twice = repeatedColumns(header)
  if (twice.length > 0) throw new Error(`These columns are there twice: ${twice.join(', ')}.`)
  const unknown = unknownColumns(header)
  if (unknown.length > 0)
    throw new Error(`These are no columns: ${unknown.join(', ')}. Name them ${targetColumns}.`)
  return records.map(targetOfRow)
}
