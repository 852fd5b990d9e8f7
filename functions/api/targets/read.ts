import { targetAggregate } from '../../domain/target/aggregate.ts'
import type { TargetState } from '../../domain/target/state.ts'
import type { Loaded } from '../../log/log.ts'
import type { targetContracts } from '../contracts/targets.ts'
import type { Operate } from '../http/endpoint.ts'
import { pageOf } from '../http/page.ts'
import { Problem } from '../http/problem.ts'

type Contracts = typeof targetContracts

/** Returns the answer about one target from the fold of its stream. */
export function targetBody(id: string, { state, commit }: Loaded<TargetState>) {
  const { facts, components, pin, retired, keyHash, active, attempts } = state
  if (!facts) throw new Problem('target-not-found', 'No such target is registered.')
  return {
    id,
    ...facts,
    components,
    pin: pin && { component: pin.component, reason: pin.reason },
    retired: retired && { reason: retired.reason },
    enrolled: keyHash !== null,
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

/** Reads one target from its stream: attempts under way are in no row of the views. */
export const getTarget: Operate<Contracts['getTarget']> = async ({ params }, { log }) => {
  const loaded = await log.load(targetAggregate, params.id)
  if (!loaded.state.registered) throw new Problem('target-not-found', 'No such target is registered.')
  return { status: 200, body: targetBody(params.id, loaded), etag: loaded.commit }
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

/** Lists targets from the view. */
export const listTargets: Operate<Contracts['listTargets']> = async ({ query }, { views }) => {
  const { tag, ...filters } = query
  const { rows, nextCursor } = await pageOf(views.listTargets({ ...filters, tags: tagsIn(tag) }))
  const targets = rows.map(({ id, facts, components, pin, retired, enrolled, lastOutcome, updatedAt }) => ({
    id,
    ...facts,
    components,
    pin: pin && { component: pin.component, reason: pin.reason },
    retired: retired && { reason: retired.reason },
    enrolled,
    lastOutcome,
    updatedAt,
  }))
  return { status: 200, body: { targets, count: targets.length, nextCursor } }
}
