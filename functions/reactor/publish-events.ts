import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { publicSource } from '../../events/words.ts'
import type { Duty } from './duty.ts'
import { isPublic, publicDetailsOf } from './public-detail.ts'

/** PutEvents takes ten entries a call (AWS). */
const entriesPerCall = 10

/** Thrown when the bus refused some entries: the commit comes again, and the entries carry the same ids. */
class NotPublished extends Error {
  override readonly name = 'NotPublished'
}

/** Public facts go to the bus, at least once. */
export function publishEvents({
  client,
  busName,
}: {
  client: () => EventBridgeClient
  busName: () => string
}): Duty {
  return {
    name: 'publish-events',
    concerns: isPublic,
    async act(commit) {
      const details = publicDetailsOf(commit)
      for (let start = 0; start < details.length; start += entriesPerCall) {
        const Entries = details.slice(start, start + entriesPerCall).map((detail) => ({
          EventBusName: busName(),
          Source: publicSource,
          DetailType: detail.type,
          Detail: JSON.stringify(detail),
          Time: new Date(detail.occurredAt),
        }))
        const { FailedEntryCount = 0 } = await client().send(new PutEventsCommand({ Entries }))
        if (FailedEntryCount > 0)
          throw new NotPublished(`The bus refused ${FailedEntryCount} of ${Entries.length} events.`)
      }
    },
  }
}
