import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import type { Commit } from '../../events/envelope.ts'
import { type PublicDetail, publicSource, publicTypes } from '../../events/public.ts'
import { type Duty, holds, streamOf } from './duty.ts'

const isPublic = (type: string): type is PublicDetail['type'] => publicTypes.some((known) => known === type)

const published: ReadonlySet<string> = new Set(['upgrade', 'profile'])

/** PutEvents takes ten entries a call (AWS). */
const entriesPerCall = 10

/** Thrown when the bus refused some entries: the commit comes again, and the entries carry the same ids. */
class NotPublished extends Error {
  override readonly name = 'NotPublished'
}

/** An event of a profile says which of its upgrades it is about. */
function subjectOf(commit: Commit, data: string): Pick<PublicDetail, 'upgradeId' | 'profileId'> {
  const { aggregate, id } = streamOf(commit)
  return aggregate === 'profile' ? { upgradeId: JSON.parse(data).upgrade, profileId: id } : { upgradeId: id }
}

function detailsOf(commit: Commit): PublicDetail[] {
  return commit.events.flatMap(({ type, data }, place) =>
    isPublic(type)
      ? [
          {
            id: `${commit.stream}@${commit.commit}.${place}`,
            ...subjectOf(commit, data),
            commit: commit.commit,
            at: commit.at,
            actor: commit.actor,
            type,
            data: JSON.parse(data),
          },
        ]
      : [],
  )
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
    concerns: (commit) => published.has(streamOf(commit).aggregate) && holds(commit, ...publicTypes),
    async act(commit) {
      const details = detailsOf(commit)
      for (let start = 0; start < details.length; start += entriesPerCall) {
        const Entries = details.slice(start, start + entriesPerCall).map((detail) => ({
          EventBusName: busName(),
          Source: publicSource,
          DetailType: detail.type,
          Detail: JSON.stringify(detail),
          Time: new Date(detail.at),
        }))
        const { FailedEntryCount = 0 } = await client().send(new PutEventsCommand({ Entries }))
        if (FailedEntryCount > 0)
          throw new NotPublished(`The bus refused ${FailedEntryCount} of ${Entries.length} events.`)
      }
    },
  }
}
