import { notificationContracts } from '../../contracts/notifications.ts'
import { endpoint } from './http/endpoint.ts'
import {
  defineDestination,
  getDestination,
  listDestinations,
  removeDestination,
  testDestination,
} from './notifications/destinations.ts'
import { dismissNotification, listNotifications } from './notifications/inbox.ts'
import { listUndelivered, retryUndelivered } from './notifications/undelivered.ts'
import type { ReceptionOfPeople, Services, ToLeave } from './services.ts'

/** Returns the handler of where people and programs are told of what happens, and of what they are told. */
export function notificationsEndpoint(
  services: Services<ToLeave | 'messages' | 'inbox' | 'uncallable'> & ReceptionOfPeople,
) {
  return endpoint(
    'notifications',
    notificationContracts,
    {
      ...{ defineDestination, listDestinations, getDestination, removeDestination, testDestination },
      ...{ listUndelivered, retryUndelivered, listNotifications, dismissNotification },
    },
    services,
  )
}
