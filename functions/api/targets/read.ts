import type { targetContracts } from '../../../contracts/targets.ts'
import type { TargetState } from '../../domain/target/state.ts'
import type { Loaded } from '../../log/log.ts'
import type { Clones } from '../../work/machines.ts'
import type { Telemetry } from '../../work/telemetry.ts'
import type { Operate } from '../http/endpoint.ts'
import { pageOf } from '../http/page.ts'
import { Problem } from '../http/problem.ts'
import { registeredTarget } from './registered.ts'

type Contracts = typeof targetContracts

/** What is known of a target's agents that is no event of the log. */
interface Heard {
  /** When its agent was last heard of, as it was noted: every half an hour at most. Null: never in the last 30 days. */
  readonly lastSeenAt: string | null
  readonly clones: Clones | null
}

/** Returns the answer about one target: the fold of its stream, and what is known of its agents. */
export function targetBody(
  id: string,
  { state, commit }: Loaded<TargetState>,
  { lastSeenAt, clones }: Heard,
) {
  const { facts, components, licence, drift, pin, retired, keyHash, active, attempts } = state
  if (!facts) throw new Problem('target-not-found', 'No such target is registered.')
  return {
    id,
    ...facts,
    environment: facts.environment ?? {},
    components,
    licence: licence?.id ?? null,
    drift,
    pin: pin && { component: pin.component, reason: pin.reason },
    retired: retired && { reason: retired.reason },
    enrolled: keyHash !== null,
    lastSeenAt,
    clones,
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
      .map(({ attempt, upgrade, component, from, to, outcome, code, endedAt, regression }) => ({
        attempt,
        upgradeId: upgrade,
        component,
        from,
        to,
        outcome,
        code,
        endedAt,
        regression: regression
          ? {
              outcome: regression.outcome,
              code: regression.code,
              at: regression.at,
              recoveredAt: regression.recoveredAt,
            }
          : null,
      })),
    commit,
  }
}

/** Returns what is known of a target's agents. */
export async function heardOf(
  telemetry: Pick<Telemetry, 'lastSeenOf' | 'clonesOf'>,
  target: string,
): Promise<Heard> {
  const [lastSeen, clones] = await Promise.all([telemetry.lastSeenOf([target]), telemetry.clonesOf(target)])
  return { lastSeenAt: lastSeen.get(target) ?? null, clones }
}

/** Reads one target from its stream: attempts under way are in no row of the views. */
export const getTarget: Operate<Contracts['getTarget'], 'telemetry'> = async (
  { params },
  { log, telemetry },
) => {
  const [loaded, heard] = await Promise.all([registeredTarget(log, params.id), heardOf(telemetry, params.id)])
  return { status: 200, body: targetBody(params.id, loaded, heard), etag: loaded.commit }
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
    environment: facts.environment ?? {},
    components: row.components,
    licence: row.licence?.id ?? null,
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
