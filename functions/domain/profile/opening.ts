import type { ProfileEvent, SkipReason } from '../../../events/profile.ts'
import { systemActor } from '../actor.ts'
import { accept, reject } from '../aggregate.ts'
import { type Closure, closureAt } from '../policy/closure.ts'
import type { Stop } from '../policy/policy.ts'
import { type Rollout, type Upstream, unmetBy } from './dependency.ts'
import { editorsBeside } from './editors.ts'
import { asRollout } from './execution.ts'
import { refuseMissing } from './lifecycle.ts'
import { plannedFor, voidPlan } from './plan-ahead.ts'
import {
  type Execution,
  type ExistingProfile,
  judged,
  namedExecution,
  type ProfileDecision,
  type ProfileState,
} from './state.ts'
import { contains, hasRoom, windowOf } from './windows.ts'

/** What is known elsewhere at the moment of opening, read strongly. */
export interface OpeningFacts {
  /** The stops of everything that are in force. */
  readonly stops: readonly Pick<Stop, 'reason'>[]
  /** The upgrade that runs, where it is paused, and why: it waits for a person. */
  readonly paused: { readonly upgrade: string; readonly reason: string } | null
  /** Closed times of the profile's calendars in the window. */
  readonly closures: readonly Closure[]
  /** The profiles that this one depends on, as they stand. */
  readonly upstreams: readonly Upstream[]
  /** What the window would roll out, in the order of its components; nothing where nobody has to be asked about it. */
  readonly rollouts: readonly Rollout[]
  /** Has what runs begun? Then it is carried on. Null: nothing runs. */
  readonly begun: boolean | null
  /** In words, why what would be rolled out is held back; null: it is not. */
  readonly heldBack: string | null
  /** How many resources there are to upgrade; null when that is not known yet. */
  readonly matching: number | null
}

/**
 * Opens the window of one occurrence: an unfinished upgrade is resumed in it, else what was planned ahead for it is started, else
 * `upgrade`. Everything is checked again at this moment, and a refusal is an event with its reason; what was planned for a window that
 * is not to run it is void. An occurrence that was judged before changes nothing, however it was judged.
 */
export function openWindow(command: {
  readonly scheduledAt: string
  /** The id of the upgrade that is started when there is none to resume, and none was planned ahead. */
  readonly upgrade: string
  readonly facts: OpeningFacts
}): ProfileDecision {
  return (state, now) => {
    const { scheduledAt, upgrade, facts } = command
    if (!hasDefinition(state)) return refuseMissing(state)
    if (judged(state, scheduledAt) !== undefined) return accept()
    if (scheduledAt > now) {
      return reject({
        code: 'window-not-due',
        detail: `The window of ${scheduledAt} has not come yet: it is ${now}.`,
      })
    }
    const planned = plannedFor(state, scheduledAt)
    const refusal = refuse(state, scheduledAt, now, facts)
    if (refusal) {
      const [reason, detail, ...alerts] = refusal
      return accept(
        skipped(scheduledAt, reason, detail),
        ...alerts,
        ...voidPlan(planned, 'skipped', systemActor),
      )
    }
    const { end } = windowOf(state.definition.schedule, scheduledAt)
    if (state.running) {
      return accept<ProfileEvent>(
        {
          type: 'WindowOpened',
          data: { scheduledAt, end, upgrade: state.running.upgrade, resumed: true },
        },
        ...voidPlan(planned, 'resumed', systemActor),
      )
    }
    const by = state.updatedBy
    const started = planned?.upgrades[0]?.upgrade ?? upgrade
    const told = { upgrade: started, reason: 'window' as const, scheduledAt, justification: null }
    const data = { ...told, ...asRollout(state.definition), ...editorsBeside(state, by), by }
    // What was planned ahead has its version already.
    const release = planned || state.definition.rollout ? undefined : judgedRelease(facts)
    return accept<ProfileEvent>(
      { type: 'WindowOpened', data: { scheduledAt, end, upgrade: started, resumed: false } },
      { type: 'ExecutionStarted', data: { ...data, ...(release && { release }) } },
    )
  }
}

/** Returns what the profiles that this one depends on were asked about first, so that nothing newer is rolled out in its place. */
function judgedRelease({ upstreams, rollouts }: OpeningFacts) {
  const [first] = rollouts
  return upstreams.length > 0 && first && first.version !== null
    ? { component: first.component, version: first.version }
    : undefined
}

/** Records that an occurrence did not open, where whoever prepared it found the reason. One that was judged before stays as it is. */
export function skipWindow(command: {
  readonly scheduledAt: string
  readonly reason: SkipReason
  readonly detail: string
}): ProfileDecision {
  return (state) => {
    if (!hasDefinition(state)) return refuseMissing(state)
    if (judged(state, command.scheduledAt) !== undefined) return accept()
    const { scheduledAt, reason, detail } = command
    const voided = voidPlan(plannedFor(state, scheduledAt), 'skipped', systemActor)
    return accept(skipped(scheduledAt, reason, detail), ...voided)
  }
}

/** The alert of a window that is lost because an upgrade waits for a person. */
const pausedAlert = 'UPGRADE_PAUSED'

/**
 * Why the window cannot carry on an upgrade that is paused, and the alert about it: only a person may accept failures, and until then every
 * window of the profile is lost. A silent one after the other would look like a profile with nothing to do.
 */
function waitsForPerson(running: Execution, reason: string): Refusal {
  const { upgrade, rollout } = running
  const path = rollout ? `/api/v1/rollouts/${upgrade}` : `/api/upgrades/${upgrade}`
  const act = `POST ${path}/resume goes on in the next window, …/abort ends it.`
  const detail = `${namedExecution(running)} is paused (${reason.slice(0, 200)}) and waits for an operator: ${act}`
  return ['running', detail, { type: 'AlertRaised', data: { code: pausedAlert, upgrade } }]
}

function skipped(scheduledAt: string, reason: SkipReason, detail: string): ProfileEvent {
  return { type: 'WindowSkipped', data: { scheduledAt, reason, detail: detail.slice(0, 512) } }
}

/** A firing may arrive after the deletion: then it is recorded as skipped. */
function hasDefinition(state: ProfileState): state is ExistingProfile {
  return state.definition !== null
}

/** Why a window does not open, in words, and what is raised because of it. */
type Refusal = readonly [reason: SkipReason, detail: string, ...alerts: ProfileEvent[]]

function refuse(
  state: ExistingProfile,
  scheduledAt: string,
  now: string,
  facts: OpeningFacts,
): Refusal | undefined {
  const { schedule } = state.definition
  if (!contains(schedule, scheduledAt))
    return ['not_in_schedule', `${schedule.cron_expression} in ${schedule.timezone} does not open then.`]
  const { end } = windowOf(schedule, scheduledAt)
  if (now >= end) return ['not_in_schedule', `Heard of at ${now}, when the window was over (${end}).`]
  if (state.status === 'deleted') return ['inactive', 'The profile was deleted.']
  if (state.status !== 'active') return ['inactive', state.deactivated?.reason ?? 'The profile is inactive.']
  const [stop] = facts.stops
  if (stop) return ['frozen', stop.reason]
  if (!hasRoom(state.definition, { start: scheduledAt, end }, facts.closures))
    return ['holiday', (closureAt(facts.closures, scheduledAt) ?? facts.closures[0])?.why ?? '']
  if (facts.paused && state.running && facts.paused.upgrade === state.running.upgrade)
    return waitsForPerson(state.running, facts.paused.reason)
  if (state.running?.reason === 'emergency')
    return ['running', `${namedExecution(state.running)}, which was started out of turn, is not finished.`]
  const heldBack: Refusal | undefined = facts.heldBack === null ? undefined : ['held_back', facts.heldBack]
  // What has begun under all of the following is carried on, unless it has been taken back elsewhere since.
  if (state.running && facts.begun !== false) return heldBack
  const unmet = unmetBy(facts.upstreams, facts.rollouts)
  if (unmet !== undefined) return ['dependency', unmet]
  if (state.running || heldBack) return heldBack
  if (facts.matching === 0) return ['nothing_to_upgrade', 'No resource needs the upgrade.']
  return undefined
}
