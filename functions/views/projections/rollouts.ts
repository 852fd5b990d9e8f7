import type { RolloutEvent } from '../../../events/rollout.ts'
import { requestedStanding, standingAfter } from '../../domain/rollout/standing.ts'
import type { Projection } from '../projection.ts'
import { inRequestedRow, requestedRow } from '../requested-row.ts'
import { type RolloutBody, type RolloutRow, viewNames } from '../rows.ts'

/** Every rollout with where it stands: lists. Fed by every event. */
export const rollouts: Projection<RolloutEvent, RolloutBody> = {
  name: 'rollouts',
  place: (_event, { id, number, since }) => ({
    view: viewNames.rollouts,
    row: requestedRow(since, id),
    sequence: number,
  }),
  apply(body, event, { id, at }) {
    if (event.type === 'RolloutRequested') {
      const { request, by } = event.data
      const { kind, parent, name } = request
      return { kind, parent, name, by, phases: 0, planHash: null, standing: requestedStanding(request) }
    }
    if (!body) throw new Error(`The rollout ${id} has ${event.type} before it was requested.`)
    const after = { ...body, standing: standingAfter(body.standing, event, at) }
    if (event.type === 'PhaseDeclared') return { ...after, phases: event.data.phase + 1 }
    if (event.type === 'RolloutPlanned') return { ...after, planHash: event.data.planHash }
    if (event.type === 'ChildRequested') {
      const { child, phases } = event.data
      return { ...after, back: { rollout: child, phases: phases.length } }
    }
    return after
  },
}

/** Returns the row as it is read, from its name and its body. */
export function shownRollout(row: string, body: RolloutBody): RolloutRow {
  const { since, id } = inRequestedRow(row)
  return { ...body, rolloutId: id, requestedAt: since }
}
