import { type UpgradeEvent, upgradeEvents } from '../../../events/upgrade.ts'
import type { Log } from '../../log/log.ts'
import { upgradeRow } from '../../views/projections/live.ts'
import { shownUpgrade, upgrades } from '../../views/projections/upgrades.ts'
import type { UpgradeBody, UpgradeRow } from '../../views/rows.ts'
import { Problem } from '../http/problem.ts'

/** One event of an upgrade with the commit that holds it. */
export interface Past {
  readonly event: UpgradeEvent
  readonly commit: number
  readonly at: string
  readonly actor: string
}

/** Returns the problem that there is no such upgrade. */
export function upgradeNotFound(): Problem {
  return new Problem('upgrade-not-found', 'There is no such upgrade.')
}

/** Yields the events of an upgrade, oldest first, read strongly; with `at`, those decided at or before that ISO instant. */
export async function* pastOf(log: Log, id: string, at?: string, from = 1): AsyncGenerator<Past> {
  for await (const commit of log.commits(`upgrade#${id}`, { from, consistent: true })) {
    if (at !== undefined && commit.at > at) return
    for (const { type, schema, data } of commit.events) {
      const event = upgradeEvents.decode(type, schema, JSON.parse(data))
      yield { event, commit: commit.commit, at: commit.at, actor: commit.actor }
    }
  }
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
  for await (const { event, ...context } of pastOf(log, id, at)) {
    since ||= context.at
    const next = upgrades.apply(body, event, { ...context, id, since })
    body = next === 'deleted' ? undefined : next
    last = context.commit
  }
  return body && { row: shownUpgrade(upgradeRow(since, id), body), commit: last }
}
