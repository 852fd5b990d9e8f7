import { accessTypes } from './types/access.ts'
import { apiTypes } from './types/api.ts'
import { bucketTypes } from './types/buckets.ts'
import { eventTypes } from './types/events.ts'
import { functionTypes } from './types/functions.ts'
import { machineTypes } from './types/machines.ts'
import { observationTypes } from './types/observation.ts'
import { queueTypes } from './types/queues.ts'
import { tableTypes } from './types/tables.ts'
import type { ResourceType } from './types/type.ts'

export type { Identity } from './types/type.ts'

/** Every resource type that may occur in a template, with what one machine does with each of its properties. */
export const resourceTypes: Readonly<Record<string, ResourceType>> = {
  ...functionTypes,
  ...tableTypes,
  ...bucketTypes,
  ...machineTypes,
  ...eventTypes,
  ...apiTypes,
  ...queueTypes,
  ...accessTypes,
  ...observationTypes,
}
