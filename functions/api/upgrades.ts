import { policyContracts } from '../../contracts/policies.ts'
import { targetUpgradeContracts } from '../../contracts/target-upgrades.ts'
import { upgradeContracts } from '../../contracts/upgrades.ts'
import { endpoint } from './http/endpoint.ts'
import { definePolicy, getPolicy, listPolicies, withdrawPolicy } from './policies/policies.ts'
import { tryPolicies } from './policies/try.ts'
import type { ReceptionOfPeople, Services } from './services.ts'
import { getBlastRadius } from './upgrades/blast-radius.ts'
import { abortUpgrade, retryFailed, rollBackCustomer, rollBackUpgrade } from './upgrades/children.ts'
import {
  approveUpgrade,
  continueUpgrade,
  endBake,
  pauseUpgrade,
  postMeasurement,
  rejectUpgrade,
  resumeUpgrade,
} from './upgrades/command.ts'
import { deployUpgrade } from './upgrades/deploy.ts'
import { forecastUpgrade } from './upgrades/forecast.ts'
import { planUpgrade } from './upgrades/plan.ts'
import { getUpgrade, getUpgradeLogs, getUpgradeStatus, listUpgrades } from './upgrades/read.ts'
import { replayUpgrade } from './upgrades/replay.ts'
import { skipTarget } from './upgrades/skip.ts'
import { getUpgradeEvents } from './upgrades/story.ts'
import { acknowledgeAlerts } from './upgrades/target-alerts.ts'
import { getTargetUpgradeLogs } from './upgrades/target-logs.ts'
import { getUpgradeMetrics } from './upgrades/target-metrics.ts'
import { startTargetUpgrade } from './upgrades/target-start.ts'
import { getUpgradeState } from './upgrades/target-state.ts'

/** Returns the handler of upgrades. */
export function upgradesEndpoint(services: Services<'exposure' | 'uncallable'> & ReceptionOfPeople) {
  return endpoint(
    'upgrades',
    { ...upgradeContracts, ...targetUpgradeContracts, ...policyContracts },
    {
      deployUpgrade,
      planUpgrade,
      listUpgrades,
      getUpgrade,
      getUpgradeStatus,
      getUpgradeLogs,
      getUpgradeEvents,
      getBlastRadius,
      forecastUpgrade,
      replayUpgrade,
      continueUpgrade,
      approveUpgrade,
      rejectUpgrade,
      pauseUpgrade,
      resumeUpgrade,
      endBake,
      postMeasurement,
      abortUpgrade,
      rollBackUpgrade,
      rollBackCustomer,
      retryFailed,
      skipTarget,
      getUpgradeState,
      startTargetUpgrade,
      acknowledgeAlerts,
      getTargetUpgradeLogs,
      getUpgradeMetrics,
      definePolicy,
      tryPolicies,
      listPolicies,
      getPolicy,
      withdrawPolicy,
    },
    services,
  )
}
