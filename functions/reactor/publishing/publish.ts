import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import type { Commit } from '../../../events/envelope.ts'
import { publicSource } from '../../../events/words.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { PassingError } from '../../errors.ts'
import { inChunks } from '../../side-by-side.ts'
import { duty } from '../duty.ts'
import { publicDetailsOf, publicTypes } from './public-detail.ts'

/** The bus of public events. */
export interface PublicBus {
  readonly client: EventBridgeClient
  readonly name: string
}

/** PutEvents takes ten entries a call (AWS). */
const entriesPerCall = 10

/** The bus refused some entries: the commit comes again, and the entries carry the same ids. */
class NotPublished extends PassingError {
  override readonly name = 'NotPublished'
  constructor(refused: number, sent: number) {
    super(`The bus refused ${refused} of ${sent} events.`)
  }
}

/** Public facts go to the bus, at least once. Throws NotPublished. */
async function publish(commit: Commit, { client, name }: PublicBus): Promise<void> {
  for (const details of inChunks(publicDetailsOf(commit), entriesPerCall)) {
    const Entries = details.map((detail) => ({
      EventBusName: name,
      Source: publicSource,
      DetailType: detail.type,
      Detail: JSON.stringify(detail),
      Time: new Date(detail.occurredAt),
    }))
    const { FailedEntryCount = 0 } = await client.send(new PutEventsCommand({ Entries }))
    if (FailedEntryCount > 0) throw new NotPublished(FailedEntryCount, Entries.length)
  }
}

/** What happened to an upgrade is told to integrations. */
export const publishUpgrades = duty(
  'publish-upgrades',
  upgradeAggregate,
  publicTypes.upgrade,
  ({ commit }, { bus }: { readonly bus: PublicBus }) => publish(commit, bus),
)

/** What a target needs somebody to look after is told to integrations. */
export const publishTargets = duty(
  'publish-targets',
  targetAggregate,
  publicTypes.target,
  ({ commit }, { bus }: { readonly bus: PublicBus }) => publish(commit, bus),
)

/** What happened to a profile is told to integrations. */
export const publishProfiles = duty(
  'publish-profiles',
  profileAggregate,
  publicTypes.profile,
  ({ commit }, { bus }: { readonly bus: PublicBus }) => publish(commit, bus),
)
