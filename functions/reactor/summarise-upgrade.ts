import { profileAggregate } from '../domain/profile/aggregate.ts'
import { startNext, summariseUpgrade } from '../domain/profile/execution.ts'
import type { Execution } from '../domain/profile/state.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { exists, hasEnded } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { workOf } from '../planning/profile-members.ts'
import { summaryOf } from '../planning/summary.ts'
import type { Views } from '../views/views.ts'
import { causedBy, type Duty, holds, streamOf } from './duty.ts'
import { upgradeOfWindow } from './open-window.ts'

const ends = [
  'PlanningFailed',
  'UpgradeRejected',
  'UpgradeExpired',
  'UpgradeAborted',
  'UpgradeCompleted',
  'UpgradeFailed',
]

interface Summarising {
  readonly log: Log
  readonly views: () => Views
}

/**
 * Returns the upgrade whose execution is over by the end of this one: itself, or its parent when this one took the parent back.
 * Undefined while a rollback of it is under way, whose end comes here as well.
 */
async function overBy(log: Log, upgrade: string): Promise<string | undefined> {
  const { state } = await log.load(upgradeAggregate, upgrade)
  if (!exists(state)) return undefined
  const { kind, parent } = state.request
  if (kind === 'rollback' && parent !== null) return overBy(log, parent)
  if (!hasEnded(state)) return undefined
  for (const { child, kind } of state.children) {
    if (kind !== 'rollback') continue
    if (!hasEnded((await log.load(upgradeAggregate, child)).state)) return undefined
  }
  return upgrade
}

/** Starts the upgrade of the profile's next component, where it has several and the one before went through. */
async function goOn(
  { log, views }: Summarising,
  profile: string,
  ended: Execution,
  metadata: ReturnType<typeof causedBy>,
): Promise<void> {
  const { state } = await log.load(profileAggregate, profile)
  const { state: before } = await log.load(upgradeAggregate, ended.upgrade)
  if (!state.definition || !before.request) return
  const work = await workOf({ log, views: views() }, profile, state.definition)
  const place = work.findIndex(({ component }) => component === before.request?.component)
  const next = work.slice(place + 1).find(({ matching }) => matching > 0)
  if (!next) return
  const planned = state.planned?.scheduledAt === ended.scheduledAt ? state.planned.upgrades : []
  const ahead = planned.find(({ component }) => component === next.component)
  const upgrade = ahead?.upgrade ?? upgradeOfWindow(profile, ended.upgrade)
  const decision = startNext({ upgrade, after: ended, by: before.requestedBy })
  settled(
    `profile#${profile}`,
    await log.execute(profileAggregate, profile, decision, metadata, { retryFor: 5000 }),
  )
}

/** An upgrade of a profile is over: what it came to is copied into the profile's stream, and its next component has its turn. */
export function summariseUpgrades(summarising: Summarising): Duty {
  const { log, views } = summarising
  return {
    name: 'summarise-upgrade',
    concerns: (commit) => streamOf(commit).aggregate === 'upgrade' && holds(commit, ...ends),
    async act(commit) {
      const upgrade = await overBy(log, streamOf(commit).id)
      if (upgrade === undefined) return
      const { state } = await log.load(upgradeAggregate, upgrade)
      const profile = state.request?.selection.profile
      if (profile === undefined) return
      const { running } = (await log.load(profileAggregate, profile)).state
      if (running?.upgrade !== upgrade) return
      const summary = await summaryOf({ log, views: views() }, upgrade)
      const metadata = causedBy(commit, systemActor)
      const decision = summariseUpgrade(summary)
      settled(
        `profile#${profile}`,
        await log.execute(profileAggregate, profile, decision, metadata, { retryFor: 5000 }),
      )
      const through = summary.status === 'completed' || summary.status === 'completed_with_exceptions'
      if (through) await goOn(summarising, profile, running, metadata)
    },
  }
}
