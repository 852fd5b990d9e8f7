import { rolloutAggregate } from '../domain/rollout/aggregate.ts'
import { recordOutcomes } from './attempts/record-outcomes.ts'
import type { DutyName } from './duties.ts'
import { drivesUpgrades } from './executions/drive.ts'
import { actsAgain, collectsAgain, type Healer } from './healer.ts'
import { keepsMachines } from './procedures/machines.ts'
import { drivesProcedures } from './procedures/run.ts'
import { bindProfileCalendars } from './profiles/bind-calendars.ts'
import { cleanUpProfile } from './profiles/clean-up.ts'
import { heedFailures } from './profiles/heed-failures.ts'
import { keepsWindows } from './profiles/keep-windows.ts'
import { makesMemberships } from './profiles/make-memberships.ts'
import { rollBackWanted } from './profiles/roll-back-wanted.ts'
import { runsProfiles } from './profiles/run.ts'
import { settlesExecutions } from './profiles/summarise.ts'
import { voidPlans, voidUnapproved } from './profiles/void-plans.ts'
import {
  publishesAgain,
  publishProfiles,
  publishReleases,
  publishRollouts,
  publishTargets,
  publishUpgrades,
} from './publishing/publish.ts'
import { beginRollbacks } from './rollouts/phases.ts'
import { holdReleaseBack } from './upgrades/hold-back.ts'
import { noteTests } from './upgrades/note-tests.ts'
import { askForShares, settlesShares } from './upgrades/shares.ts'

/** Loaded when the first rollout is looked at: most of what it needs is needed by nothing else that heals. */
const drivesRollouts: Healer = {
  aggregate: rolloutAggregate.name,
  async heal(services, { id, cause }) {
    const { driveRollout } = await import('./rollouts/drive.ts')
    return driveRollout(services, id, cause)
  },
}

/**
 * Who makes good what a duty missed, when its record was given up: each looks through all streams of its aggregate in every reconciliation. A
 * duty without one does not compile, and a test drops the record of each.
 */
export const healers: Readonly<Record<DutyName, readonly Healer[]>> = {
  'start-execution': [drivesUpgrades],
  'withdraw-targets': [drivesUpgrades],
  'assign-targets': [drivesUpgrades],
  'resume-targets': [drivesUpgrades],
  'expire-attempts': [drivesUpgrades],
  // What an end becomes in its upgrade; what became of it afterwards is in no state of the upgrade.
  'record-outcomes': [drivesUpgrades, collectsAgain(recordOutcomes, ['AttemptRegressed'])],
  'end-waits': [drivesUpgrades],
  'begin-children': [drivesUpgrades],
  'start-rollout-execution': [drivesRollouts],
  'end-rollout-waits': [drivesRollouts],
  'steer-rollout': [drivesRollouts],
  'record-phases': [drivesRollouts],
  'begin-rollbacks': [actsAgain(beginRollbacks)],
  'make-machines': [keepsMachines],
  'run-procedures': [drivesProcedures],
  'end-step-waits': [drivesProcedures],
  'heed-stop': [drivesUpgrades],
  'heed-calendar': [drivesUpgrades],
  'heed-withdrawal': [drivesUpgrades],
  'heed-trust': [drivesUpgrades],
  'heed-rules': [drivesUpgrades],
  'hold-back': [actsAgain(holdReleaseBack)],
  'note-tests': [actsAgain(noteTests)],
  'ask-for-shares': [actsAgain(askForShares)],
  'return-shares': [settlesShares],
  'heed-shares': [settlesShares],
  'heed-bounds': [settlesShares],
  'make-memberships': [makesMemberships],
  'run-profile': [runsProfiles],
  'summarise-upgrades': [settlesExecutions],
  'summarise-rollouts': [settlesExecutions],
  'keep-schedules': [keepsWindows],
  'plan-after-calendar': [keepsWindows],
  'bind-calendars': [actsAgain(bindProfileCalendars)],
  'void-plans': [actsAgain(voidPlans)],
  'void-unapproved': [actsAgain(voidUnapproved)],
  'clean-up-profile': [actsAgain(cleanUpProfile)],
  'heed-failures': [actsAgain(heedFailures)],
  'roll-back-wanted': [actsAgain(rollBackWanted)],
  'publish-upgrades': [publishesAgain(publishUpgrades)],
  'publish-rollouts': [publishesAgain(publishRollouts)],
  'publish-profiles': [publishesAgain(publishProfiles)],
  'publish-releases': [publishesAgain(publishReleases)],
  'publish-targets': [publishesAgain(publishTargets)],
}

/** Each healer once: those of upgrades first, since the ends that they find are what profiles wait for. */
export function everyHealer(): readonly Healer[] {
  return [...new Set(Object.values(healers).flat())]
}
