import { PutEventsCommand } from '@aws-sdk/client-eventbridge'
import type { Commit } from '../../../events/envelope.ts'
import { publicSource } from '../../../events/words.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { releaseAggregate } from '../../domain/release/release.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { PassingError } from '../../errors.ts'
import { inChunks } from '../../side-by-side.ts'
import type { Published } from '../../work/published.ts'
import { type Duty, duty } from '../duty.ts'
import { actsAgain, type Healer } from '../healer.ts'
import type { PublicBus } from './bus.ts'
import { publicDetailsOf, publicTypes } from './public-detail.ts'

/** PutEvents takes ten entries a call (AWS). */
const entriesPerCall = 10

/** The bus refused some entries: the commit comes again, and the entries carry the same ids. */
class NotPublished extends PassingError {
  override readonly name = 'NotPublished'
  constructor(refused: number, sent: number) {
    super(`The bus refused ${refused} of ${sent} events.`)
  }
}

interface Publishing {
  readonly bus: PublicBus
  readonly published: Published
}

/** Public facts go to the bus, at least once, and then it is noted that they did. Throws NotPublished. */
async function publish(commit: Commit, { bus: { client, name }, published }: Publishing): Promise<void> {
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
  await published.note(commit.stream, commit.commit)
}

/** Returns the healer that publishes what was never noted as published; who hears of it twice knows it by its id. */
export function publishesAgain(duty: Duty<Publishing>): Healer {
  return actsAgain(duty, async ({ published }, stream) => {
    const noted = await published.of(stream)
    return ({ commit }) => noted.has(commit)
  })
}

/** What happened to an upgrade is told to integrations. */
export const publishUpgrades = duty(
  'publish-upgrades',
  upgradeAggregate,
  publicTypes.upgrade,
  ({ commit }, publishing: Publishing) => publish(commit, publishing),
)

/** What happened to a rollout is told to integrations; its phases are upgrades, and tell of themselves. */
export const publishRollouts = duty(
  'publish-rollouts',
  rolloutAggregate,
  publicTypes.rollout,
  ({ commit }, publishing: Publishing) => publish(commit, publishing),
)

/** What a target needs somebody to look after is told to integrations. */
export const publishTargets = duty(
  'publish-targets',
  targetAggregate,
  publicTypes.target,
  ({ commit }, publishing: Publishing) => publish(commit, publishing),
)

/** What happened to a profile is told to integrations. */
export const publishProfiles = duty(
  'publish-profiles',
  profileAggregate,
  publicTypes.profile,
  ({ commit }, publishing: Publishing) => publish(commit, publishing),
)

/** Where a release may go is told to integrations. */
export const publishReleases = duty(
  'publish-releases',
  releaseAggregate,
  publicTypes.release,
  ({ commit }, publishing: Publishing) => publish(commit, publishing),
)
