import { canonicalJson } from '../../../events/canonical.ts'
import type { ProfileDefinition, ProfileEvent } from '../../../events/profile.ts'
import { accept, reject } from '../aggregate.ts'
import { unmeetable } from '../approval-rule.ts'
import type { VersionScheme } from '../version/scheme.ts'
import { validateUpdate } from './definition.ts'
import { editorsBeside } from './editors.ts'
import { voidPlan } from './plan-ahead.ts'
import { exists, namedExecution, type ProfileDecision, type ProfileState } from './state.ts'

/** Why there is nothing to command: never created, or deleted. */
export function refuseMissing(state: ProfileState) {
  return state.status === 'deleted'
    ? reject({
        code: 'profile-deleted',
        detail: 'This profile was deleted: only its history can still be read.',
      })
    : reject({
        code: 'profile-not-found',
        detail: 'There is no such profile. GET /api/v1/upgrade-profiles lists those that exist.',
      })
}

/** None of its editors approves the upgrades of a profile: where nobody else could, the edit is refused. */
function refuseUnmeetable(
  state: ProfileState,
  { definition, by }: { readonly definition: ProfileDefinition; readonly by: string },
) {
  const field = definition.approvals && unmeetable(definition.approvals, by, editorsBeside(state, by).editors)
  if (!field) return undefined
  return reject({
    code: 'validation-failed',
    detail: 'Nobody could approve its upgrades: see errors.',
    fields: [field],
  })
}

/** Creates a profile, active from the start. The same content again changes nothing; other content under a known id is refused. */
export function createProfile(command: {
  readonly definition: ProfileDefinition
  readonly by: string
}): ProfileDecision {
  return (state) => {
    if (state.status === 'deleted') return refuseMissing(state)
    if (!exists(state))
      return refuseUnmeetable(state, command) ?? accept({ type: 'ProfileCreated', data: command })
    if (canonicalJson(state.definition) === canonicalJson(command.definition)) return accept()
    return reject({
      code: 'profile-exists',
      detail: 'A profile of this id was created with other content. Change it with PUT, or create another.',
    })
  }
}

/**
 * Merges a partial update into what is there now (P4), so that two updates of different fields do not undo one another. Whoever calls
 * checks with `validateUpdate` first to name the bad fields.
 */
export function updateProfile(command: {
  readonly updates: unknown
  readonly by: string
  /** Those of the components that the profile is about. */
  readonly schemes?: readonly VersionScheme[]
}): ProfileDecision {
  return (state) => {
    if (!exists(state)) return refuseMissing(state)
    const { by } = command
    const update = validateUpdate(state.definition, command.updates, command.schemes)
    if ('problems' in update) {
      const [first] = update.problems
      return reject({
        code: 'validation-failed',
        detail: `${update.problems.length} invalid fields; ${first?.field} has to be ${first?.expected}.`,
      })
    }
    const events: ProfileEvent[] = []
    const { definition, status } = update
    const changes = [...update.changes]
    if (changes.length > 0) {
      const refused = refuseUnmeetable(state, { definition, by })
      if (refused) return refused
      const parts = changedParts(definition, changes)
      events.push({ type: 'ProfileUpdated', data: { parts, changes, by } })
    }
    const reason = `set ${status} by an update`
    if (status === 'active' && state.status !== 'active')
      events.push({ type: 'ProfileActivated', data: { reason, by } })
    if (status === 'inactive' && state.status !== 'inactive')
      events.push({ type: 'ProfileDeactivated', data: { reason, by } })
    // An approval was given to what the profile said then.
    if (events.length > 0)
      events.push(...voidPlan(state.planned, status === 'inactive' ? 'deactivated' : 'edited', by))
    return accept(...events)
  }
}

/** The whole new value of each part in which a field changes. */
function changedParts(definition: ProfileDefinition, changes: readonly string[]): Partial<ProfileDefinition> {
  const changed = new Set(changes.map((field) => field.split('.', 1)[0]))
  // The entries are those of a definition, so what is left of them is a part of one.
  return Object.fromEntries(
    Object.entries(definition).filter(([part]) => changed.has(part)),
  ) as Partial<ProfileDefinition>
}

/** Takes a profile out of service: no window opens until somebody activates it. An upgrade that has begun goes on. */
export function deactivateProfile(command: {
  readonly reason: string
  readonly by: string
}): ProfileDecision {
  return (state) => {
    if (!exists(state)) return refuseMissing(state)
    if (state.status === 'inactive') return accept()
    return accept(
      { type: 'ProfileDeactivated', data: command },
      ...voidPlan(state.planned, 'deactivated', command.by),
    )
  }
}

/** Puts a profile back into service, from its next opening on. */
export function activateProfile(command: { readonly reason: string; readonly by: string }): ProfileDecision {
  return (state) => {
    if (!exists(state)) return refuseMissing(state)
    if (state.status === 'active') return accept()
    return accept({ type: 'ProfileActivated', data: command })
  }
}

/**
 * Deletes a profile for good (P5); its history stays. While an upgrade of it runs only by force: the event names what is to be
 * cancelled, with what was planned ahead; whoever acts on it aborts that.
 */
export function deleteProfile(command: { readonly force: boolean; readonly by: string }): ProfileDecision {
  return (state) => {
    if (state.status === 'deleted') return accept()
    if (!exists(state)) return refuseMissing(state)
    const { force, by } = command
    const { running } = state
    if (running && !force) {
      return reject({
        code: 'execution-running',
        detail: `${namedExecution(running)} of this profile is not finished. Wait for its end, or delete with force=true, which cancels it.`,
      })
    }
    const planned = state.planned?.upgrades.map(({ upgrade }) => upgrade) ?? []
    const cancelled = [...(running ? [running.upgrade] : []), ...planned]
    return accept({ type: 'ProfileDeleted', data: { force, cancelled, by } })
  }
}
