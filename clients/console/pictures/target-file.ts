import { parse } from 'csv-parse/browser/esm/sync'

/** The columns that are fields of a target, as the command line has them; `component:NAME`, `tag:NAME` and `environment:NAME` are one of many. */
const columns = ['id', 'type', 'region', 'critical', 'namespace', 'gateway']
const named = /^(component|tag|environment):(.+)$/

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
  const starts = Array.from({ length: Math.ceil(targets.length / mostInOne) }, (_, part) => part * mostInOne)
  return starts.map((start) => targets.slice(start, start + mostInOne))
}

function ofJson(text: string): readonly object[] {
  const read: unknown = JSON.parse(text)
  const list = typeof read === 'object' && read !== null && 'targets' in read ? read.targets : read
  if (!Array.isArray(list) || !list.every((one) => typeof one === 'object' && one !== null))
    throw new Error('It has to be a list of targets, or {"targets": […]}.')
  return list
}

function ofCsv(text: string): readonly object[] {
  const records: readonly Readonly<Record<string, string>>[] = parse(text, {
    ...{ bom: true, columns: true, skip_empty_lines: true, trim: true },
    max_record_size: 64 * 1024,
  })
  const unknown = Object.keys(records[0] ?? {}).filter((name) => !columns.includes(name) && !named.test(name))
  if (unknown.length > 0)
    throw new Error(
      `These are no columns: ${unknown.join(', ')}. Name them ${columns.join(', ')}, component:NAME, tag:NAME or environment:NAME.`,
    )
  return records.map(targetOf)
}

function targetOf(row: Readonly<Record<string, string>>): object {
  const given = Object.entries(row).filter(([, value]) => value !== '')
  const many = (kind: string) =>
    Object.fromEntries(
      given.flatMap(([column, value]) => {
        const [, of, name] = named.exec(column) ?? []
        return of === kind && name !== undefined ? [[name, value]] : []
      }),
    )
  const fields = given.flatMap(([column, value]) => {
    if (named.test(column)) return []
    return [[column, column === 'critical' ? /^(true|yes|1)$/i.test(value) : value]]
  })
  const environment = many('environment')
  return {
    ...{ ...Object.fromEntries(fields), components: many('component'), tags: many('tag') },
    ...(Object.keys(environment).length > 0 && { environment }),
  }
}
