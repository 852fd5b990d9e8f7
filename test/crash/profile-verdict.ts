import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { toldBy, unjudged } from '../simulation/told.ts'
import type { Past } from './verdict.ts'

/** A firing that fell due in the calm is judged within so many milliseconds of the machine's clock. */
const judgedWithin = 90_000

/** Names of the one-shot schedules that the scheduler still holds. */
function schedulesIn(directory: string): string[] {
  const database = new DatabaseSync(join(directory, 'schedules.sqlite'), { readOnly: true })
  try {
    const rows = database.prepare("SELECT name FROM schedules WHERE name LIKE 'window-%'").all()
    return rows.map(({ name }) => String(name))
  } finally {
    database.close()
  }
}

/**
 * Holds what is left of profiles against what was promised: every opening of the `steady` one was judged, each execution has an upgrade and
 * one summary, and a profile out of service has no schedule. That nothing opened twice is audited.
 */
export function profileFaults(directory: string, past: Past, steady: string | undefined) {
  const violations: string[] = []
  const schedules = schedulesIn(directory)
  const [windows, executions] = [new Set<string>(), new Set<string>()]
  const latest = past.commits.reduce((last, { at }) => Math.max(last, Date.parse(at)), 0)
  for (const [id, told] of toldBy(past.commits)) {
    violations.push(...unjudged(id, told, latest, id === steady ? () => judgedWithin : undefined))
    for (const start of told.judged) windows.add(`${id} ${start}`)
    for (const upgrade of told.started) {
      executions.add(upgrade)
      const times = told.summarised.filter((other) => other === upgrade).length
      if (!past.upgrades.has(upgrade)) violations.push(`profile#${id}: ${upgrade} was never requested`)
      if (times !== 1) violations.push(`profile#${id}: ${upgrade} is summarised ${times} times`)
    }
    if (told.inService) violations.push(`profile#${id} is still in service`)
    const left = schedules.filter((name) => name.startsWith(`window-${id}-`))
    if (left.length > 0) violations.push(`profile#${id} is out of service and has ${left.join(', ')}`)
  }
  return { violations, windows: windows.size, executions: executions.size }
}
