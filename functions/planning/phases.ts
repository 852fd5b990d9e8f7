import { canonicalJson } from '../../events/canonical.ts'
import type { PhaseDeclaration } from '../../events/rollout.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import { systemActor } from '../domain/actor.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { rolloutAggregate } from '../domain/rollout/aggregate.ts'
import { recordPhaseEnd } from '../domain/rollout/outcome.ts'
import { isRunning } from '../domain/rollout/phases.ts'
import { type ExistingRollout, exists as existsRollout } from '../domain/rollout/state.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { abortUpgrade, moveWindow, pauseUpgrade, resumeUpgrade } from '../domain/upgrade/control.ts'
import { holdOf } from '../domain/upgrade/hold.ts'
import { requestUpgrade } from '../domain/upgrade/request.ts'
import { exists, hasEnded, type PhaseOf, planOf, type UpgradeState } from '../domain/upgrade/state.ts'
import { isEnd } from '../domain/upgrade/status.ts'
import { admissionFacts, type LogAndClock, planFacts } from '../facts/admission.ts'
import { familyOf } from '../facts/family.ts'
import type { Log, Metadata } from '../log/log.ts'
import { patience } from '../patience.ts'
import { OnTheirOwn } from '../side-by-side.ts'
import { type ChildAsked, startChild } from './children.ts'
import type { PlanningServices } from './planning.ts'
import { declaredIn } from './rollouts.ts'

/** As many characters of a reason as an event takes. */
const longestReason = 512

/** Returns why the upgrade of a phase is paused, in words by which the rollout knows its own pause again. */
function pauseWords(rollout: string, reason: string): string {
  return `Rollout ${rollout}: ${reason}`.slice(0, longestReason)
}

/** Was the upgrade of a phase paused with its rollout, and not by a person or a limit of its own? */
function isPausedWith(rollout: string, state: UpgradeState): boolean {
  if (!exists(state) || state.standing.status !== 'paused') return false
  return holdOf(state.standing.holds, 'OPERATOR')?.ref?.startsWith(pauseWords(rollout, '')) === true
}

/** A phase has begun, and its upgrade may not have: whoever finds that begins it. Twice is once. Throws Contended. */
async function beginPhase(
  services: PlanningServices,
  { id: rollout, phase: number }: PhaseOf,
  state: ExistingRollout,
  cause: Metadata,
): Promise<void> {
  const { log } = services
  const phase = state.phases[number]
  if (!phase?.upgrade || !isRunning(phase)) return
  const { upgrade } = phase
  if ((await log.load(upgradeAggregate, upgrade)).commit > 0) return
  const { phases, plans } = await declaredIn(log, rollout)
  const declared = phases[number]
  if (!declared) return
  const { does } = declared
  const by = state.requestedBy
  const part = { id: rollout, phase: number }
  if (does.kind === 'rollback') {
    const { reason, breakGlass } = state.request
    const glass = breakGlass && reason !== null ? { breakGlass: reason } : {}
    const asked = { upgrade, by, reason, ...glass, approvedBy: state.approvals.map((one) => one.by) }
    await takeBack(services, does, part, asked, cause)
    return
  }
  const plan = plans.get(number)
  if (!plan) return
  const { request } = does
  const bound = await boundNow(log, state, request)
  const held = { ...request, ...(bound.calendars && { calendars: [...bound.calendars] }) }
  const planned = { plan, facts: await planFacts(services, held, plan) }
  const begun = requestUpgrade({ request, by, planned, rollout: part, bound })
  await log.of(upgradeAggregate, upgrade).carryOut(begun, cause)
}

/** Returns what binds a phase that begins now, where its rollout or its profile says otherwise than when it was planned. */
async function boundNow(
  log: Log,
  { window, request: { profile } }: ExistingRollout,
  planned: Pick<UpgradeRequest, 'calendars'>,
): Promise<NonNullable<Parameters<typeof requestUpgrade>[0]['bound']>> {
  const { definition } = profile === undefined ? {} : (await log.load(profileAggregate, profile)).state
  const calendars = definition?.schedule.calendars
  const changed = calendars && canonicalJson(calendars) !== canonicalJson(planned.calendars)
  return { ...(window && { window }), ...(changed && { calendars }) }
}

/** Begins the upgrade that takes back what a phase changed. Where there is nothing to take back, the phase has ended. */
async function takeBack(
  services: PlanningServices,
  { upgrade: parent, settings }: Extract<PhaseDeclaration['does'], { kind: 'rollback' }>,
  rollout: PhaseOf,
  {
    upgrade,
    by,
    reason,
    breakGlass,
    approvedBy,
  }: Pick<ChildAsked, 'by' | 'breakGlass'> & {
    readonly upgrade: string
    readonly reason: string | null
    readonly approvedBy: string[]
  },
  cause: Metadata,
): Promise<void> {
  const words = reason === null ? {} : { reason }
  const second = approvedBy.length === 0 ? {} : { approvedBy }
  const glass = breakGlass === undefined ? {} : { breakGlass }
  const asked: ChildAsked = {
    ...{ parent, kind: 'rollback', by, settings, child: upgrade, ...words, ...second, ...glass },
    rollout: { ...rollout, ...second },
  }
  const result = await startChild(services, asked, cause.correlation)
  if (!('rejected' in result)) return
  // Somebody else may have begun it meanwhile: then there is nothing left that this one could take back.
  const family = await familyOf(services.log, parent)
  if (family?.children.some(({ child }) => child === upgrade)) return
  const nothing = result.rejected.code === 'nothing-to-roll-back'
  const end = {
    ...{ rollout: rollout.id, phase: rollout.phase, upgrade, planHash: null },
    status: nothing ? ('nothing_to_do' as const) : ('failed' as const),
    ...{ succeeded: 0, failed: 0, skipped: 0 },
  }
  await services.log.of(rolloutAggregate, rollout.id).carryOut(recordPhaseEnd(end), cause)
}

/** Brings one upgrade of a phase in line with its rollout: in its window, aborted, paused or going on. */
async function steerUpgrade(
  services: LogAndClock,
  rollout: string,
  { abort, standing, window }: ExistingRollout,
  upgrade: string,
  cause: Metadata,
): Promise<void> {
  const { log } = services
  const stream = log.of(upgradeAggregate, upgrade)
  const { state } = await log.load(upgradeAggregate, upgrade)
  if (!exists(state) || hasEnded(state)) return
  if (abort) {
    const reason = pauseWords(rollout, abort.reason)
    await stream.carryOut(abortUpgrade({ by: abort.by, reason, rollBack: false }), cause)
    return
  }
  if (window) {
    const facts = await admissionFacts(services, upgrade, state)
    const moved = moveWindow({ window, by: systemActor }, facts)
    await stream.carryOut(moved, cause, { retryFor: patience.facts })
  }
  if (standing.status === 'paused') {
    if (planOf(state))
      await stream.carryOut(pauseUpgrade({ by: cause.actor, reason: pauseWords(rollout, 'paused') }), cause)
  } else if (isPausedWith(rollout, state)) {
    const facts = await admissionFacts(services, upgrade, state)
    await stream.carryOut(resumeUpgrade({ by: cause.actor }, facts), cause, { retryFor: patience.facts })
  }
}

/**
 * Brings all that a rollout runs in line with it: phases that have begun and whose upgrades have not, begin; a pause, its end and an abort reach every
 * upgrade of them, and those that try their failed members again. Doing it twice changes nothing. One that cannot be brought there keeps no other from it: a
 * pause reaches all that it can. Throws SomeFailed, which names phases.
 */
export async function steerPhases(
  services: PlanningServices,
  rollout: string,
  cause: Metadata,
): Promise<void> {
  const { log } = services
  const { state: found } = await log.load(rolloutAggregate, rollout)
  if (!existsRollout(found)) return
  const running = found.phases.flatMap((phase, number) => (isRunning(phase) ? [{ phase, number }] : []))
  const each = new OnTheirOwn()
  type Running = (typeof running)[number]
  const begin = ({ number }: Running) => beginPhase(services, { id: rollout, phase: number }, found, cause)
  const nameOf = ({ phase }: Running) => phase.name
  await each.each(running, 1, begin, nameOf)
  // Read anew: a pause that was acknowledged while they began binds them too.
  const { state } = await log.load(rolloutAggregate, rollout)
  if (!existsRollout(state)) return
  const steer = (phase: Running, upgrade: string) =>
    each.one(nameOf(phase), () => steerUpgrade(services, rollout, state, upgrade, cause))
  const steerAll = async (running: Running) => {
    const { kind, upgrade } = running.phase
    if (upgrade === null) return
    await steer(running, upgrade)
    // Of a rollback the family is that of what it takes back, which has ended.
    if (kind !== 'deploy') return
    const { tries = [] } = (await familyOf(log, upgrade)) ?? {}
    for (const { id } of tries) if (id !== upgrade) await steer(running, id)
  }
  await each.each(running, 1, steerAll, nameOf)
  each.end()
}

/** Records the end of a phase, as the stream of its upgrade says. One that is at work, or is no phase, changes nothing. Throws Contended. */
export async function recordEnd(services: LogAndClock, upgrade: string, cause: Metadata): Promise<void> {
  const { log } = services
  const { state } = await log.load(upgradeAggregate, upgrade)
  if (!hasEnded(state) || !state.rollout) return
  const { id: rollout, phase } = state.rollout
  const { succeeded, failed, unreachable, skipped } = state.standing.counts
  const { status } = state.standing
  if (!isEnd(status)) return
  const end = recordPhaseEnd({
    ...{ rollout, phase, upgrade, status, planHash: planOf(state)?.planHash ?? null },
    ...{ succeeded, failed: failed + unreachable, skipped },
  })
  await log.of(rolloutAggregate, rollout).carryOut(end, cause)
}
