import {
  type ProfileDefinition,
  type ProfileEvent,
  profileEvents,
  type UpgradeSummary,
} from '../../../events/profile.ts'
import { systemActor } from '../actor.ts'
import type { Aggregate, CommitContext } from '../aggregate.ts'
import { initialProfile, kept, type ProfileState, type WindowResult } from './state.ts'
import { addSummary } from './statistics.ts'

/** Keeps the last windows by their scheduled time: one that is reported late takes its place among them. */
function remember(state: ProfileState, window: WindowResult): ProfileState {
  const windows = [...state.windows, window].sort((a, b) => (a.scheduledAt < b.scheduledAt ? -1 : 1))
  const forgotten = windows.at(-kept - 1)
  return {
    ...state,
    windows: windows.slice(-kept),
    judgedThrough: forgotten ? forgotten.scheduledAt : state.judgedThrough,
  }
}

/** What was planned ahead, without an upgrade that has started. */
function startPlanned({ planned }: ProfileState, started: string): ProfileState['planned'] {
  const upgrades = planned?.upgrades.filter(({ upgrade }) => upgrade !== started) ?? []
  return planned && upgrades.length > 0 ? { ...planned, upgrades } : null
}

/** So many editors are remembered: the last ones. */
const editorsAtMost = 100

function edited({ editors }: ProfileState, by: string, at: string): ProfileState['editors'] {
  return [...editors.filter((editor) => editor.by !== by), { by, at }].slice(-editorsAtMost)
}

/** What ran was approved with all that had been edited before it started. */
function editorsAfter({ editors, running }: ProfileState, { upgrade, counts }: UpgradeSummary) {
  const ran = counts.succeeded + counts.failed + counts.unreachable > 0
  if (running?.upgrade !== upgrade || !running.approved || !ran) return editors
  return editors.filter(({ at }) => at > running.startedAt)
}

/** Whether the two have windows at other times. */
function reschedules(before: ProfileDefinition, after: ProfileDefinition): boolean {
  const [old, present] = [before.schedule, after.schedule]
  return (
    old.cron_expression !== present.cron_expression ||
    old.timezone !== present.timezone ||
    old.maintenance_window_hours !== present.maintenance_window_hours
  )
}

function evolve(state: ProfileState, event: ProfileEvent, { at }: CommitContext): ProfileState {
  switch (event.type) {
    case 'ProfileCreated': {
      const { definition, by } = event.data
      return {
        ...state,
        definition,
        status: 'active',
        createdAt: at,
        createdBy: by,
        updatedAt: at,
        updatedBy: by,
        editors: [{ by, at }],
        scheduledSince: at,
      }
    }
    case 'ProfileUpdated': {
      if (!state.definition) return state
      const definition = { ...state.definition, ...event.data.parts }
      const moved = reschedules(state.definition, definition)
      const scheduledSince = moved ? at : state.scheduledSince
      const { by } = event.data
      return {
        ...state,
        definition,
        updatedAt: at,
        updatedBy: by,
        editors: edited(state, by, at),
        scheduledSince,
      }
    }
    case 'ProfileActivated':
      return { ...state, status: 'active', deactivated: null, updatedAt: at, scheduledSince: at }
    case 'ProfileDeactivated':
      return {
        ...state,
        status: event.data.by === systemActor ? 'error' : 'inactive',
        deactivated: { ...event.data, at },
        updatedAt: at,
      }
    case 'ProfileDeleted':
      return { ...state, status: 'deleted', planned: null, deletedAt: at, updatedAt: at }
    case 'WindowOpened': {
      const { scheduledAt, end, upgrade, resumed } = event.data
      const running =
        state.running?.upgrade === upgrade ? { ...state.running, scheduledAt, end } : state.running
      return remember({ ...state, running }, { scheduledAt, result: 'opened', end, upgrade, resumed })
    }
    case 'WindowSkipped': {
      const { scheduledAt, reason, detail } = event.data
      return remember(state, { scheduledAt, result: reason, detail })
    }
    case 'WindowPlanned': {
      const { scheduledAt, end, upgrades } = event.data
      return { ...state, planned: { scheduledAt, end, upgrades } }
    }
    case 'PlanVoided':
      return { ...state, planned: null }
    case 'ExecutionStarted': {
      const { upgrade, rollout = false, reason, scheduledAt } = event.data
      const window = state.windows.find((opened) => opened.scheduledAt === scheduledAt)
      const end = window?.result === 'opened' ? window.end : null
      const approved = state.definition?.approvals !== null
      const running = { upgrade, rollout, reason, scheduledAt, startedAt: at, approved, end, alerts: [] }
      return { ...state, running, planned: startPlanned(state, upgrade), lastExecutionAt: at }
    }
    case 'UpgradeSummarised':
      return {
        ...state,
        running: state.running?.upgrade === event.data.upgrade ? null : state.running,
        editors: editorsAfter(state, event.data),
        summaries: [...state.summaries, event.data].slice(-kept),
        totals: addSummary(state.totals, event.data),
      }
    case 'AlertRaised': {
      const { running } = state
      if (running?.upgrade !== event.data.upgrade) return state
      return { ...state, running: { ...running, alerts: [...new Set([...running.alerts, event.data.code])] } }
    }
  }
}

/** A standing schedule whose windows start or resume upgrades: its stream guarantees that no window opens twice. */
export const profileAggregate: Aggregate<ProfileState, ProfileEvent> = {
  name: 'profile',
  stateSchema: 3,
  initial: initialProfile,
  evolve,
  decode: (type, schema, data) => profileEvents.decode(type, schema, data),
  encode: profileEvents.encode,
}
