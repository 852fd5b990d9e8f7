import { assignTargets } from './attempts/assign.ts'
import { expireAttempts } from './attempts/expire.ts'
import { resumeTargets } from './attempts/heal.ts'
import { recordOutcomes } from './attempts/record-outcomes.ts'
import { withdrawTargets } from './attempts/withdraw.ts'
import type { CollectingDuty, Duty } from './duty.ts'
import { endRolloutWaits, endWaits } from './executions/end-waits.ts'
import { startExecution, startRolloutExecution } from './executions/start.ts'
import { makeMachines } from './procedures/machines.ts'
import { endStepWaits, runProcedures } from './procedures/run.ts'
import { bindProfileCalendars } from './profiles/bind-calendars.ts'
import { cleanUpProfile } from './profiles/clean-up.ts'
import { heedFailures } from './profiles/heed-failures.ts'
import { keepSchedules } from './profiles/keep-windows.ts'
import { makeMemberships } from './profiles/make-memberships.ts'
import { planAfterCalendar } from './profiles/plan-ahead.ts'
import { rollBackWanted } from './profiles/roll-back-wanted.ts'
import { runProfile } from './profiles/run.ts'
import { summariseRollouts, summariseUpgrades } from './profiles/summarise.ts'
import { voidPlans, voidUnapproved } from './profiles/void-plans.ts'
import {
  publishProfiles,
  publishReleases,
  publishRollouts,
  publishTargets,
  publishUpgrades,
} from './publishing/publish.ts'
import { beginRollbacks, recordPhases, steerRollout } from './rollouts/phases.ts'
import type { ReactorServices } from './services.ts'
import { beginChildren } from './upgrades/begin-children.ts'
import { holdReleaseBack } from './upgrades/hold-back.ts'
import { noteTests } from './upgrades/note-tests.ts'
import { askForShares, heedBounds, heedShares, returnShares } from './upgrades/shares.ts'
import { heedCalendar, heedRules, heedStop, heedTrust, heedWithdrawal } from './upgrades/tick.ts'

/** What follows from facts: those that act on one commit at a time, in their order, and those that act on many streams' at once. */
export interface Duties<Services = ReactorServices> {
  readonly single: readonly Duty<Services>[]
  readonly collecting: readonly CollectingDuty<Services>[]
}

const single = [
  startExecution,
  withdrawTargets,
  assignTargets,
  resumeTargets,
  expireAttempts,
  endWaits,
  makeMemberships,
  cleanUpProfile,
  keepSchedules,
  voidPlans,
  voidUnapproved,
  bindProfileCalendars,
  planAfterCalendar,
  runProfile,
  heedFailures,
  rollBackWanted,
  summariseUpgrades,
  summariseRollouts,
  heedStop,
  heedCalendar,
  heedWithdrawal,
  heedTrust,
  heedRules,
  holdReleaseBack,
  noteTests,
  // What is given back is nobody's wait any more: it is asked for anew afterwards.
  returnShares,
  askForShares,
  heedShares,
  heedBounds,
  beginChildren,
  startRolloutExecution,
  steerRollout,
  recordPhases,
  beginRollbacks,
  endRolloutWaits,
  makeMachines,
  runProcedures,
  endStepWaits,
  publishUpgrades,
  publishRollouts,
  publishProfiles,
  publishReleases,
  publishTargets,
] as const

const collecting = [recordOutcomes] as const

/** Everything that the reactor does. */
export const duties: Duties = { single, collecting }

/** What each is called. */
export type DutyName = (typeof single | typeof collecting)[number]['name']

/** Returns which duties answer each type of event, by aggregate and type: what leads to what. */
export function answersOf({ single, collecting }: Duties<never>): ReadonlyMap<string, readonly string[]> {
  const pairs = [...single, ...collecting].flatMap(({ name, answers: { aggregate, types } }) =>
    types.map((type) => ({ name, event: `${aggregate}: ${type}` })),
  )
  const byEvent = Map.groupBy(pairs, ({ event }) => event)
  return new Map([...byEvent].map(([event, found]) => [event, found.map(({ name }) => name)]))
}
