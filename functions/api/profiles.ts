import { calendarContracts } from '../../contracts/calendars.ts'
import { profileContracts } from '../../contracts/profiles.ts'
import {
  defineCalendar,
  deleteCalendar,
  getCalendar,
  getCalendarState,
  listCalendars,
} from './calendars/calendars.ts'
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

/** Returns the handler of upgrade profiles and of the calendars that their windows keep to. */
export function profilesEndpoint(services: Services & ReceptionOfPeople) {
  return endpoint(
    'profiles',
    { ...profileContracts, ...calendarContracts },
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
      defineCalendar,
      deleteCalendar,
      listCalendars,
      getCalendar,
      getCalendarState,
    },
    services,
  )
}
