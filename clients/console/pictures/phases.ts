/** A phase, as far as its place in the picture goes. */
export interface Phase {
  readonly name: string
  readonly dependsOn: readonly string[]
}

/** Returns the phases in columns: each in the one after the last that it waits for. A circle, which no plan has, ends the last column. */
export function columnsOf<One extends Phase>(phases: readonly One[]): readonly (readonly One[])[] {
  const columns: One[][] = []
  const placed = new Set<string>()
  let rest = [...phases]
  while (rest.length > 0) {
    const next = rest.filter(({ dependsOn }) => dependsOn.every((name) => placed.has(name)))
    const column = next.length > 0 ? next : rest
    columns.push(column)
    for (const { name } of column) placed.add(name)
    rest = rest.filter((phase) => !column.includes(phase))
  }
  return columns
}
