import type { targetContracts } from '../../../contracts/targets.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import type { TargetState } from '../../domain/target/state.ts'
import type { Loaded } from '../../log/log.ts'
import type { Telemetry } from '../../work/telemetry.ts'
import type { Operate } from '../http/endpoint.ts'
import { pageOf } from '../http/page.ts'
import { Problem } from '../http/problem.ts'

type Contracts = typeof targetContracts

/** Returns the answer about one target: the fold of its stream, and when its agent was last heard of. */
export function targetBody(id: string, { state, commit }: Loaded<TargetState>, lastSeenAt: string | null) {
  const { facts, components, drift, pin, retired, keyHash, active, attempts } = state
  if (!facts) throw new Problem('target-not-found', 'No such target is registered.')
  return {
    id,
    ...facts,
    components,
    drift,
    pin: pin && { component: pin.component, reason: pin.reason },
    retired: retired && { reason: retired.reason },
    enrolled: keyHash !== null,
    lastSeenAt,
    active: active && {
      attempt: active.attempt,
      upgradeId: active.upgrade,
      component: active.component,
      from: active.from,
      to: active.to,
      acceptBy: active.acceptBy,
      acceptedAt: active.acceptedAt,
      deadline: active.deadline,
    },
    attempts: attempts
      .toReversed()
      .map(({ attempt, upgrade, component, from, to, outcome, code, endedAt }) => ({
        attempt,
        upgradeId: upgrade,
        component,
        from,
        to,
        outcome,
        code,
        endedAt,
      })),
    commit,
  }
}

/** Returns when a target's agent was last heard of, as it was noted: every five minutes at most. Null: never in the last 30 days. */
export async function lastSeenOf(
  telemetry: Pick<Telemetry, 'lastSeenOf'>,
  target: string,
): Promise<string | null> {
  return (await telemetry.lastSeenOf([target])).get(target) ?? null
}

/** Reads one target from its stream: attempts under way are in no row of the views. */
export const getTarget: Operate<Contracts['getTarget'], 'telemetry'> = async (
  { params },
  { log, telemetry },
) => {
  const [loaded, lastSeenAt] = await Promise.all([
    log.load(targetAggregate, params.id),
    lastSeenOf(telemetry, params.id),
  ])
  if (!loaded.state.registered) throw new Problem('target-not-found', 'No such target is registered.')
  return { status: 200, body: targetBody(params.id, loaded, lastSeenAt), etag: loaded.commit }
}

function tagsIn(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined) return undefined
  return Object.fromEntries(
    text.split(',').map((tag) => {
      const equals = tag.indexOf('=')
      return [tag.slice(0, equals), tag.slice(equals + 1)]
    }),
  )
}

/** Lists targets from the view, with one more request for when the agents of the page were last heard of. */
export const listTargets: Operate<Contracts['listTargets'], 'telemetry'> = async (
  { query },
  { views, telemetry },
) => {
  const { tag, ...filters } = query
  const { rows, nextCursor } = await pageOf(views.listTargets({ ...filters, tags: tagsIn(tag) }))
  const lastSeen = await telemetry.lastSeenOf(rows.map(({ id }) => id))
  const targets = rows.map(({ id, facts, pin, retired, enrolled, ...row }) => ({
    id,
    ...facts,
    components: row.components,
    drift: row.drift,
    pin: pin && { component: pin.component, reason: pin.reason },
    retired: retired && { reason: retired.reason },
    enrolled,
    lastSeenAt: lastSeen.get(id) ?? null,
    lastOutcome: row.lastOutcome,
    updatedAt: row.updatedAt,
  }))
  return { status: 200, body: { targets, count: targets.length, nextCursor } }
}
