import type { Console } from './console.ts'
import { cut, printable } from './text.ts'

/**
 * Says rows in columns. On a terminal they fit into the line: the widest are cut, but for the first, which is what somebody copies. Elsewhere nothing is
 * cut: who reads it may look for what would be missing.
 */
export function sayTable(
  console: Console,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const cells = [header, ...rows].map((row) => row.map(printable))
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const total = () => widths.reduce((sum, width) => sum + width + 2, -2)
  while (console.isTerminal && total() > console.width) {
    const widest = widths.indexOf(Math.max(...widths.slice(1)), 1)
    const width = widths[widest] ?? 0
    if (width <= 8) break
    widths[widest] = width - 1
  }
  for (const [place, row] of cells.entries()) {
    const line = row.map((cell, column) => {
      const width = widths[column] ?? 0
      return column === row.length - 1 ? cut(cell, width) : cut(cell, width).padEnd(width)
    })
    console.say(line.join('  ').trimEnd(), place === 0 ? 'quiet' : 'plain')
  }
}
