import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import type { Log } from '../../log/log.ts'
import { shownUpgrade, upgrades } from '../../views/projections/upgrades.ts'
import { requestedRow } from '../../views/requested-row.ts'
import type { UpgradeBody, UpgradeRow } from '../../views/rows.ts'
import { Problem } from '../http/problem.ts'
import { pastOf } from '../http/story.ts'

/** Returns the problem that there is no such upgrade. */
export function upgradeNotFound(): Problem {
  return new Problem('upgrade-not-found', 'There is no such upgrade.')
}

/** Folds the row of an upgrade from its stream by the projection's own rule: as it was at an instant, or right after a write. */
export async function foldRow(
  log: Log,
  id: string,
  at?: string,
): Promise<{ readonly row: UpgradeRow; readonly commit: number } | undefined> {
  let body: UpgradeBody | undefined
  let last = 0
  let since = ''
  let number = 0
  for await (const { event, ...context } of pastOf(log, upgradeAggregate, id, at)) {
    since ||= context.at
    const next = upgrades.apply(body, event, { ...context, number: ++number, id, since })
    body = next === 'deleted' ? undefined : next
    last = context.commit
  }
  return body && { row: shownUpgrade(requestedRow(since, id), body), commit: last }
}
