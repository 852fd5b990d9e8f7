/** Returns the name of a row in the list of all upgrades or all rollouts: newest first is descending. */
export function requestedRow(since: string, id: string): string {
  return `${since}#${id}`
}

/** Returns when what lies in such a row was requested, and its id. */
export function inRequestedRow(row: string): { readonly since: string; readonly id: string } {
  const separator = row.indexOf('#')
  return { since: row.slice(0, separator), id: row.slice(separator + 1) }
}
