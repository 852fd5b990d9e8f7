import type { ProfileEvent } from '../../../events/profile.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { initialProfile, type ProfileState } from '../../domain/profile/state.ts'
import type { Projection } from '../projection.ts'
import { type ExecutionRow, type ProfileRow, viewNames } from '../rows.ts'

/** As much of the fold as the row remembers: what an event does to a profile is said once, in the domain. */
function remembered(row: ProfileRow | undefined): ProfileState {
  if (!row) return initialProfile
  const { definition, status, createdAt, createdBy, updatedAt, lastExecutionAt, running } = row
  return {
    ...initialProfile,
    ...{ definition, status, createdAt, createdBy, updatedAt, lastExecutionAt },
    // Which upgrade runs is all that the row tells; nothing that it shows depends on the rest.
    running:
      running === null
        ? null
        : {
            upgrade: running,
            rollout: false,
            reason: 'window',
            scheduledAt: null,
            startedAt: '',
            approved: false,
            end: null,
            alerts: [],
          },
    totals: { ...row.totals, failures: {} },
  }
}

/** Every profile, the deleted ones too. Fed by every event. */
export const profiles: Projection<ProfileEvent, ProfileRow> = {
  name: 'profiles',
  place: (_event, { id, number }) => ({ view: viewNames.profiles, row: id, sequence: number }),
  apply(body, event, context) {
    const state = profileAggregate.evolve(remembered(body), event, context)
    const { definition, status, createdAt, createdBy, updatedAt, lastExecutionAt, running, totals } = state
    if (!definition) throw new Error(`The profile ${context.id} has ${event.type} before it was created.`)
    const { failures: _, ...sums } = totals
    return {
      id: context.id,
      ...{ definition, status, createdAt, createdBy, updatedAt, lastExecutionAt },
      running: running?.upgrade ?? null,
      totals: sums,
    }
  },
}

/** Every execution of a profile: its start and, once, what it came to. */
export const executions: Projection<ProfileEvent, ExecutionRow> = {
  name: 'executions',
  place(event, { id }) {
    if (event.type !== 'ExecutionStarted' && event.type !== 'UpgradeSummarised') return undefined
    const sequence = event.type === 'ExecutionStarted' ? 1 : 2
    return { view: viewNames.executions(id), row: event.data.upgrade, sequence }
  },
  apply(body, event, { at }) {
    if (event.type === 'ExecutionStarted') {
      const { upgrade, rollout, reason, justification, scheduledAt, by } = event.data
      const marked = rollout ? { rollout } : {}
      return { upgrade, ...marked, reason, justification, scheduledAt, startedAt: at, by, summary: null }
    }
    if (event.type !== 'UpgradeSummarised') throw new Error(`${event.type} does not feed the executions.`)
    if (!body) throw new Error(`The upgrade ${event.data.upgrade} was summarised before it was started.`)
    return { ...body, summary: event.data }
  },
}
