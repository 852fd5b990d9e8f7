import { after } from '../../events/time.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import { leftOfPlan } from '../domain/forecast/course.ts'
import type { Part, Prospects } from '../domain/forecast/forecast.ts'
import type { Hours } from '../domain/forecast/hours.ts'
import { continuesFrom, horizon, hoursOf, restOf } from '../domain/forecast/left.ts'
import type { Timed } from '../domain/plan/duration.ts'
import { withExpectedTime } from '../domain/plan/expected-time.ts'
import type { Plan } from '../domain/plan/plan.ts'
import { freezePolicy, policyAggregate } from '../domain/policy/policy.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { breaksGlass } from '../domain/upgrade/admission.ts'
import type { PlannedUpgrade } from '../domain/upgrade/state.ts'
import type { Window } from '../domain/window.ts'
import type { Log } from '../log/log.ts'
import { closuresOf } from './closures.ts'
import { durationsFor, type Past, presentWave } from './durations.ts'

/** What decides when attempts may begin. */
interface Timing {
  readonly request: Pick<UpgradeRequest, 'deadlines' | 'selection'>
  readonly window: Window | null
  /** The calendars that bind it. */
  readonly calendars: readonly string[]
}

/** Returns when attempts may begin, by the window, by those that a profile opens later, and by what calendars close; all as they are known now. */
async function hoursFor(log: Log, { request, window, calendars }: Timing, now: string): Promise<Hours> {
  const until = after(now, horizon)
  const { profile } = request.selection
  const [closures, loaded] = await Promise.all([
    closuresOf(log, calendars, now, until),
    profile === undefined ? undefined : log.load(profileAggregate, profile),
  ])
  const isInService = loaded?.state.status === 'active'
  const schedule = (isInService && loaded.state.definition?.schedule) || null
  return hoursOf({ request, window }, schedule, closures, { from: now, until })
}

/** Reads what the forecast of an upgrade is made from, as it was after a commit, at an instant. */
export async function prospectsOf(
  log: Log,
  past: Past,
  id: string,
  loaded: { readonly state: PlannedUpgrade; readonly commit: number },
  now: string,
): Promise<Prospects> {
  const { state } = loaded
  const { request, window } = state
  const calendars = breaksGlass(state) ? [] : state.calendars
  const [present, hours] = await Promise.all([
    presentWave(log, id, loaded, now),
    hoursFor(log, { request, window, calendars }, now),
  ])
  const durations = await durationsFor(past, id, state, present, now)
  return { rest: restOf(state, present.inFlight, now), hours, durations }
}

/** Reads what the forecast of a plan is made from, none of which has begun. A profile that is named may open its window again. */
export async function prospectsOfPlan(
  log: Log,
  past: Past,
  {
    request: asked,
    plan,
    window,
  }: {
    readonly request: UpgradeRequest
    readonly plan: Timed & Pick<Plan, 'expected'>
    readonly window: Window | null
  },
  now: string,
): Promise<Prospects> {
  const request = withExpectedTime(asked, plan.expected)
  const [hours, durations, policy] = await Promise.all([
    hoursFor(log, { request, window, calendars: request.calendars }, now),
    past.durations(request.component, request.kind, now),
    log.load(policyAggregate, freezePolicy),
  ])
  const stopped = policy.state.stops.length > 0 ? [{ code: 'FREEZE', times: 1 }] : []
  const waitsFor = [...stopped, ...continuesFrom(request, plan)]
  return { rest: { left: leftOfPlan(request, plan), notBefore: now, waitsFor }, hours, durations }
}

/** An upgrade by itself. */
export function alone(prospects: Prospects): Part {
  return { dependsOn: [], pauseSeconds: 0, endedAt: null, prospects }
}
