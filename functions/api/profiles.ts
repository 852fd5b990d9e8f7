import { defineCalendar, getCalendar, getCalendarState, listCalendars } from './calendars/calendars.ts'
import { calendarContracts } from './contracts/calendars.ts'
import { endpoint } from './http/endpoint.ts'
import { deployedServices, type Services } from './services.ts'

/** Returns the handler of upgrade profiles and of the calendars that their windows keep to. */
export function profilesEndpoint(services: () => Services) {
  return endpoint(
    'profiles',
    calendarContracts,
    { defineCalendar, listCalendars, getCalendar, getCalendarState },
    services,
  )
}

export const handler = profilesEndpoint(deployedServices)
