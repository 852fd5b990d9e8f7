import { calendarContracts } from '../../contracts/calendars.ts'
import {
  defineCalendar,
  deleteCalendar,
  getCalendar,
  getCalendarState,
  listCalendars,
} from './calendars/calendars.ts'
import { endpoint } from './http/endpoint.ts'
import type { ReceptionOfPeople, Services } from './services.ts'

/** Returns the handler of calendars. They have a function of their own, since the rules of all countries' holidays weigh much. */
export function calendarsEndpoint(services: Services & ReceptionOfPeople) {
  return endpoint(
    'calendars',
    calendarContracts,
    { defineCalendar, deleteCalendar, listCalendars, getCalendar, getCalendarState },
    services,
  )
}
