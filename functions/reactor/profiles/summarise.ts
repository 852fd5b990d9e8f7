import type { UpgradeSummary } from '../../../events/profile.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import type { Rollout } from '../../domain/profile/dependency.ts'
import { startNext, summariseUpgrade } from '../../domain/profile/execution.ts'
import type { Execution, ProfileState } from '../../domain/profile/state.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { exists as existsRollout, hasEnded as hasEndedRollout } from '../../domain/rollout/state.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { exists, hasEnded, planOf, profileOf } from '../../domain/upgrade/state.ts'
import { childrenOf } from '../../facts/children-of.ts'
import { rolloutSummaryOf } from '../../facts/rollout-summary.ts'
import { summaryOf } from '../../facts/summary.ts'
import { outlookOf } from '../../facts/targeting.ts'
import { dependencyOn } from '../../facts/upstream.ts'
import type { Log, Metadata } from '../../log/log.ts'
import { duty } from '../duty.ts'
import type { Healer } from '../healer.ts'
import type { ReactorServices } from '../services.ts'
import { upgradeOfWindow } from './open-window.ts'

/** What the next component of an execution follows from. */
type Over = Pick<Execution, 'upgrade' | 'reason' | 'scheduledAt' | 'end'>

type Summarising = Pick<ReactorServices, 'log' | 'views'>

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
  for (const { child, kind } of await childrenOf(log, upgrade, state)) {
    if (kind !== 'rollback') continue
    if (!hasEnded((await log.load(upgradeAggregate, child)).state)) return undefined
  }
  return upgrade
}

/** Returns what an upgrade that was planned ahead rolls out. */
async function versionOf(log: Log, upgrade: string, { component }: Rollout): Promise<Rollout> {
  return { component, version: planOf((await log.load(upgradeAggregate, upgrade)).state)?.version ?? null }
}

/** Starts the upgrade of the profile's next component, where it has several and the one before went through. */
async function goOn(services: Summarising, profile: string, ended: Over, cause: Metadata): Promise<void> {
  const { log } = services
  const { state } = await log.load(profileAggregate, profile)
  const { state: before } = await log.load(upgradeAggregate, ended.upgrade)
  if (!state.definition || !exists(before)) return
  const { request, requestedBy: by } = before
  const { work, passedOver } = await outlookOf(services, profile, state.definition)
  const place = work.findIndex(({ component }) => component === request.component)
  const next = work.slice(place + 1).find(({ matching }) => matching > 0)
  if (!next) return
  const planned = state.planned?.scheduledAt === ended.scheduledAt ? state.planned.upgrades : []
  const ahead = planned.find(({ component }) => component === next.component)
  const upgrade = ahead?.upgrade ?? upgradeOfWindow(profile, ended.upgrade)
  const rollout = ahead ? await versionOf(log, ahead.upgrade, next) : next
  const { unmet, judged } = await dependencyOn(services, profile, state.definition, rollout, passedOver)
  // Out of turn a person has taken it upon themselves.
  if (unmet !== undefined && ended.reason === 'window') return
  const { component, version } = rollout
  const release = judged && !ahead && version !== null ? { component, version } : undefined
  await log.of(profileAggregate, profile).carryOut(startNext({ upgrade, after: ended, release, by }), cause)
}

/** As `overBy`, of a rollout. */
async function rolloutOverBy(log: Log, rollout: string): Promise<string | undefined> {
  const { state } = await log.load(rolloutAggregate, rollout)
  if (!existsRollout(state)) return undefined
  const { kind, parent } = state.request
  if (kind === 'rollback' && parent !== null) return rolloutOverBy(log, parent)
  if (!hasEndedRollout(state)) return undefined
  for (const { child } of state.children)
    if (!hasEndedRollout((await log.load(rolloutAggregate, child)).state)) return undefined
  return rollout
}

/** Copies what an upgrade or a rollout that has ended came to into the stream of its profile. */
export async function summarise(
  services: Summarising,
  profile: string,
  execution: Pick<Execution, 'upgrade' | 'rollout'>,
  cause: Metadata,
): Promise<boolean> {
  const { upgrade, rollout } = execution
  const summary = await (rollout ? rolloutSummaryOf(services, upgrade) : summaryOf(services, upgrade))
  await services.log.of(profileAggregate, profile).carryOut(summariseUpgrade(summary), cause)
  return wentThrough(summary)
}

function wentThrough({ status }: Pick<UpgradeSummary, 'status'>): boolean {
  return status === 'completed' || status === 'completed_with_exceptions'
}

/** Returns an execution that was summarised, as it was before, where a window started it. */
async function executionBefore(
  log: Log,
  profile: string,
  { windows }: ProfileState,
  upgrade: string,
): Promise<Over | undefined> {
  const started = log.of(profileAggregate, profile).events({ consistent: true }, ['ExecutionStarted'])
  for await (const { event } of started) {
    const { reason, scheduledAt } = event.data
    if (event.data.upgrade !== upgrade || reason !== 'window') continue
    const opened = windows.find((window) => window.scheduledAt === scheduledAt)
    if (opened?.result !== 'opened') return undefined
    return { upgrade, reason, scheduledAt, end: opened.end }
  }
  return undefined
}

/**
 * What an upgrade of a profile came to is copied into the profile's stream, and its next component has its turn: also where whoever copied it was cut
 * short before that.
 */
async function settle(
  services: Summarising,
  profile: string,
  upgrade: string,
  cause: Metadata,
): Promise<void> {
  const { log } = services
  const { state } = await log.load(profileAggregate, profile)
  const { running, summaries } = state
  if (running?.upgrade === upgrade) {
    const wentWell = await summarise(services, profile, running, cause)
    if (wentWell && !running.rollout) await goOn(services, profile, running, cause)
    return
  }
  const last = summaries.at(-1)
  if (running || last?.upgrade !== upgrade || !wentThrough(last)) return
  const ended = await executionBefore(log, profile, state, upgrade)
  if (ended) await goOn(services, profile, ended, cause)
}

/** An upgrade of a profile is over: what it came to is copied into the profile's stream, and its next component has its turn. */
export const summariseUpgrades = duty(
  'summarise-upgrades',
  upgradeAggregate,
  ['PlanningFailed', 'UpgradeRejected', 'UpgradeExpired', 'UpgradeAborted', 'UpgradeCompleted'],
  async ({ id, cause }, services: Summarising) => {
    const { log } = services
    const upgrade = await overBy(log, id)
    if (upgrade === undefined) return
    const profile = profileOf((await log.load(upgradeAggregate, upgrade)).state)
    if (profile !== undefined) await settle(services, profile, upgrade, cause)
  },
)

/** A rollout of a profile is over, or what took it back: what it came to is copied into the profile's stream. */
export const summariseRollouts = duty(
  'summarise-rollouts',
  rolloutAggregate,
  ['PlanningFailed', 'RolloutRejected', 'RolloutExpired', 'RolloutAborted', 'RolloutCompleted'],
  async ({ id, cause }, services: Summarising) => {
    const { log } = services
    const rollout = await rolloutOverBy(log, id)
    if (rollout === undefined) return
    const { state } = await log.load(rolloutAggregate, rollout)
    const profile = existsRollout(state) ? state.request.profile : undefined
    if (profile !== undefined) await settle(services, profile, rollout, cause)
  },
)

/** Settles the execution of a profile that is over, or the one before where nothing runs, however long ago it was. */
export const settlesExecutions: Healer = {
  aggregate: profileAggregate.name,
  async heal(services, { id: profile, cause }) {
    const { log } = services
    const { running, summaries } = (await log.load(profileAggregate, profile)).state
    const upgrade = running?.upgrade ?? summaries.at(-1)?.upgrade
    if (upgrade === undefined) return 0
    const over = await (running?.rollout ? rolloutOverBy(log, upgrade) : overBy(log, upgrade))
    if (over !== upgrade) return 0
    await settle(services, profile, upgrade, cause)
    return running ? 1 : 0
  },
}
