import { bytesOf } from '../events/bytes.ts'

/** The columns of a file of targets that are fields of one; `component:NAME`, `tag:NAME` and `environment:NAME` are one of many. */
const fields = ['id', 'type', 'region', 'critical', 'namespace', 'gateway'] as const
const named = /^(component|tag|environment):(.+)$/

/** The columns that a file may have, as people are told. */
export const targetColumns = `${fields.join(', ')}, component:NAME, tag:NAME or environment:NAME`

/** Returns those of a file's columns that are none, or name what nothing may be called. */
export function unknownColumns(columns: readonly string[]): string[] {
  return columns.filter((column) => {
    const [, , name] = named.exec(column) ?? []
    return name === undefined ? !fields.some((field) => field === column) : name === '__proto__'
  })
}

/** Returns the columns that a file has more than once: of what stands in them one alone would be read. */
export function repeatedColumns(columns: readonly string[]): string[] {
  return [...new Set(columns.filter((column, place) => columns.indexOf(column) !== place))]
}

/** Returns a row of a file as a target, as it is registered; what is empty is left out. What is wrong in a field the contract says. */
export function targetOfRow(row: Readonly<Record<string, string>>): object {
  const single: Record<string, unknown> = {}
  const many: Record<string, Record<string, string>> = { component: {}, tag: {}, environment: {} }
  for (const [column, value] of Object.entries(row)) {
    if (value === '') continue
    const [, kind, name] = named.exec(column) ?? []
    const place = kind === undefined ? undefined : many[kind]
    if (place !== undefined && name !== undefined) place[name] = value
    else single[column] = column === 'critical' ? truthOf(value) : value
  }
  const { component: components, tag: tags, environment = {} } = many
  const isSaid = Object.keys(environment).length > 0
  return { ...single, components, tags, ...(isSaid && { environment }) }
}

/** What is neither yes nor no stays as it is, and is refused: taken for no, a critical target would be among the first. */
function truthOf(text: string): boolean | string {
  if (/^(true|yes|1)$/i.test(text)) return true
  return /^(false|no|0)$/i.test(text) ? false : text
}

/** In bytes, of a body that the API takes: the rest of a megabyte is for what is around the targets. */
const largestBatch = 1000 * 1024

/** Returns what is listed of targets in batches of at most so many, which fit into one body each. */
export function* batchesOf<Listed>(
  listed: Iterable<Listed>,
  targetOf: (one: Listed) => object,
  most: number,
): Generator<readonly Listed[]> {
  let batch: Listed[] = []
  let bytes = 0
  for (const one of listed) {
    const size = bytesOf(targetOf(one)) + 1
    if (batch.length > 0 && (batch.length === most || bytes + size > largestBatch)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(one)
    bytes += size
  }
  if (batch.length > 0) yield batch
}
