import { profileContracts } from '../../contracts/profiles.ts'
import { endpoint } from './http/endpoint.ts'
import { assignUpgradeProfile, getAssignmentJob } from './profiles/assign.ts'
import { getUpgradeHistory } from './profiles/history.ts'
import { getUpgradeProfile, getUpgradeProfiles } from './profiles/read.ts'
import {
  createUpgradeProfile,
  deleteUpgradeProfile,
  startProfileExecution,
  updateUpgradeProfile,
} from './profiles/write.ts'
import type { ReceptionOfPeople, Services } from './services.ts'

/** Returns the handler of upgrade profiles. */
export function profilesEndpoint(services: Services & ReceptionOfPeople) {
  return endpoint(
    'profiles',
    profileContracts,
    {
      createUpgradeProfile,
      getUpgradeProfiles,
      getUpgradeProfile,
      updateUpgradeProfile,
      deleteUpgradeProfile,
      assignUpgradeProfile,
      getAssignmentJob,
      startProfileExecution,
      getUpgradeHistory,
    },
    services,
  )
}
