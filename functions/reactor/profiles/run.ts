import type { ProfileDefinition, ProfileEvent } from '../../../events/profile.ts'
import type { PhaseDeclaration } from '../../../events/rollout.ts'
import { between, instantOf, second } from '../../../events/time.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { systemActor } from '../../domain/actor.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { requestFromProfile } from '../../domain/profile/request.ts'
import { rolloutFromProfile } from '../../domain/profile/rollout.ts'
import type { PlannedWindow, ProfileState } from '../../domain/profile/state.ts'
import { windowOf } from '../../domain/profile/windows.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { moveWindow as moveRolloutWindow } from '../../domain/rollout/control.ts'
import { requestRollout } from '../../domain/rollout/request.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { moveWindow } from '../../domain/upgrade/control.ts'
import { requestUpgrade } from '../../domain/upgrade/request.ts'
import { exists, hasEnded, type UpgradeState } from '../../domain/upgrade/state.ts'
import type { Window } from '../../domain/window.ts'
import { LastingError, NotInTheLog } from '../../errors.ts'
import { admissionFacts } from '../../facts/admission.ts'
import { procedureFor, withProcedure } from '../../facts/procedures.ts'
import { workOf } from '../../facts/targeting.ts'
import type { Log, Metadata } from '../../log/log.ts'
import { patience } from '../../patience.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { duty } from '../duty.ts'
import type { Healer } from '../healer.ts'
import type { ReactorServices } from '../services.ts'
import { summarise } from './summarise.ts'

type Data<Type extends ProfileEvent['type']> = Extract<ProfileEvent, { type: Type }>['data']
type Running = Pick<ReactorServices, 'log' | 'views' | 'now'>

/** Requests an upgrade; its own execution plans it. The first request stands, whatever the profile says later. */
async function request(
  { log }: Running,
  upgrade: string,
  asked: Parameters<typeof requestFromProfile>[0] & { readonly by: string },
  cause: Metadata,
  { awaitsOpening = false } = {},
): Promise<void> {
  const { by, ...own } = asked
  const { procedure } = own.definition.upgrade_settings
  const plain = requestFromProfile(own)
  const request = procedure === undefined ? plain : await bound(log, plain, procedure)
  await log.of(upgradeAggregate, upgrade).carryOut(requestUpgrade({ request, by, awaitsOpening }), cause)
}

/** Returns a request that is bound to the last revision of a procedure. That there is one was checked when the profile named it. */
async function bound(log: Log, request: UpgradeRequest, name: string): Promise<UpgradeRequest> {
  const found = await procedureFor(log, { name, revision: null })
  if ('rejected' in found) throw new NotInTheLog(`The procedure ${name}`)
  return withProcedure(request, found)
}

/** Requests the rollout of an execution; its own execution plans it. The first request stands. */
async function requestRolloutOf(
  { log }: Running,
  rollout: string,
  asked: Omit<Parameters<typeof rolloutFromProfile>[0], 'rollout'> & { readonly by: string },
  cause: Metadata,
): Promise<void> {
  const { by, ...own } = asked
  const { rollout: phases } = own.definition
  if (!phases) throw new NamesNothing(own.profile)
  const made = rolloutFromProfile({ ...own, rollout: phases })
  const declared: PhaseDeclaration[] = []
  for (const [number, phase] of made.phases.entries()) {
    const procedure = phases.phases[number]?.procedure ?? own.definition.upgrade_settings.procedure
    const { does } = phase
    if (procedure === undefined || does.kind !== 'deploy') declared.push(phase)
    else declared.push({ ...phase, does: { ...does, request: await bound(log, does.request, procedure) } })
  }
  const command = requestRollout({ request: made.request, phases: declared, by })
  await log.of(rolloutAggregate, rollout).carryOut(command, cause)
}

/** Requests what is planned ahead of a window, with the time until the window's end for approvals. */
async function plan(
  running: Running,
  profile: string,
  { scheduledAt, end, upgrades, editors: authors, by }: Data<'WindowPlanned'>,
  at: string,
  cause: Metadata,
): Promise<void> {
  const { definition } = (await running.log.load(profileAggregate, profile)).state
  if (!definition) return
  const window = { start: scheduledAt, end }
  const approveWithin = Math.ceil(between(at, end) / second)
  const each = new OnTheirOwn()
  const ask = ({ upgrade, component }: (typeof upgrades)[number]) => {
    const asked = { profile, definition, component, window, reason: null, by, authors, approveWithin }
    // However late this is: only the profile knows whether its window opens.
    return request(running, upgrade, asked, cause, { awaitsOpening: true })
  }
  await each.each(upgrades, 1, ask, ({ upgrade }) => upgrade)
  each.end()
}

/** A profile by which no component can be told: someone has to change it. */
class NamesNothing extends LastingError {
  override readonly name = 'NamesNothing'
  constructor(profile: string) {
    super(`The profile ${profile} names nothing that could be upgraded.`)
  }
}

/** The component that is upgraded first: that with anything to do. */
async function componentOf(
  running: Running,
  profile: string,
  definition: ProfileDefinition,
): Promise<string> {
  const work = await workOf(running, profile, definition)
  const component = (work.find(({ matching }) => matching > 0) ?? work[0])?.component
  if (component === undefined) throw new NamesNothing(profile)
  return component
}

/** The window as it opened: the profile may say otherwise by now. */
function openedWindow(
  { windows }: ProfileState,
  { schedule }: ProfileDefinition,
  scheduledAt: string,
): Window {
  const opened = windows.find((window) => window.scheduledAt === scheduledAt)
  return opened?.result === 'opened'
    ? { start: scheduledAt, end: opened.end }
    : windowOf(schedule, scheduledAt)
}

/** Requests the upgrade of an execution; one that was planned ahead is there already, and may begin now. */
async function start(
  running: Running,
  profile: string,
  started: Data<'ExecutionStarted'>,
  /** Of the window that has just opened for it. An operator may have given what was planned ahead another one meanwhile. */
  end: string | undefined,
  cause: Metadata,
): Promise<void> {
  const { log } = running
  const { upgrade, scheduledAt, justification: reason, release, editors: authors, by } = started
  const { state } = await log.load(profileAggregate, profile)
  const { definition } = state
  if (!definition) return
  const window = scheduledAt === null ? null : openedWindow(state, definition, scheduledAt)
  if (started.rollout) {
    if ((await log.load(rolloutAggregate, upgrade)).commit > 0) return
    await requestRolloutOf(running, upgrade, { profile, definition, window, reason, authors, by }, cause)
    return
  }
  if ((await log.load(upgradeAggregate, upgrade)).commit === 0) {
    const component = release?.component ?? (await componentOf(running, profile, definition))
    const judged = release?.version
    const asked = { profile, definition, component, window, reason, judged, by, authors }
    await request(running, upgrade, asked, cause)
  }
  if (scheduledAt === null) return
  await open(running, upgrade, { start: scheduledAt, ...(end !== undefined && { end }) }, cause)
  // It was rejected, or found nothing to do, before its window opened: nothing will tell of its end any more.
  if (hasEnded((await log.load(upgradeAggregate, upgrade)).state))
    await summarise(running, profile, { upgrade, rollout: false }, cause)
}

/** Lets an unfinished upgrade go on, or one that was planned ahead begin, in the window that has opened; it may know the window's end. */
async function open(
  running: Running,
  upgrade: string,
  { start, end }: Pick<Window, 'start'> & Partial<Window>,
  cause: Metadata,
): Promise<void> {
  const { log } = running
  const { state } = await log.load(upgradeAggregate, upgrade)
  const until = end ?? (exists(state) ? state.window?.end : undefined)
  if (until === undefined) return
  const move = moveWindow(
    { window: { start, end: until }, by: systemActor },
    await admissionFacts(running, upgrade, state),
  )
  await log.of(upgradeAggregate, upgrade).carryOut(move, cause, { retryFor: patience.facts })
}

/** Lets an unfinished rollout go on in the window that has opened. */
async function openForRollout(
  { log }: Running,
  rollout: string,
  window: Window,
  cause: Metadata,
): Promise<void> {
  await log.of(rolloutAggregate, rollout).carryOut(moveRolloutWindow({ window }), cause)
}

/**
 * A window is planned ahead or opened, or somebody started an execution out of turn: an upgrade is requested, or one that was planned or
 * is unfinished goes on.
 */
export const runProfile = duty(
  'run-profile',
  profileAggregate,
  ['WindowPlanned', 'ExecutionStarted', 'WindowOpened'],
  async ({ id: profile, commit, events, cause }, running: Running) => {
    const opened = events.find(({ type }) => type === 'WindowOpened')?.data
    for (const event of events) {
      switch (event.type) {
        case 'WindowPlanned':
          await plan(running, profile, event.data, commit.at, cause)
          break
        case 'ExecutionStarted':
          await start(running, profile, event.data, opened && 'end' in opened ? opened.end : undefined, cause)
          break
        case 'WindowOpened': {
          const { upgrade, scheduledAt, end, resumed } = event.data
          if (!resumed) break
          const window = { start: scheduledAt, end }
          if (await isRollout(running.log, upgrade)) await openForRollout(running, upgrade, window, cause)
          else await open(running, upgrade, window, cause)
        }
      }
    }
  },
)

async function isRollout(log: Log, execution: string): Promise<boolean> {
  return (await log.load(rolloutAggregate, execution)).commit > 0
}

/** Does the upgrade that a profile runs not know yet of the window that was opened for it? An operator may have given it another one since. */
function missesWindow(
  state: UpgradeState,
  opened: { readonly scheduledAt: string; readonly end: string },
  now: string,
) {
  if (!exists(state) || hasEnded(state) || opened.end <= now) return false
  const { awaitsOpening, window, windowBy } = state
  if (awaitsOpening) return true
  if (window === null) return false
  return window.end <= opened.scheduledAt || (windowBy === null && window.start < opened.scheduledAt)
}

/** Requests what a profile has planned or started and nobody has asked for, and tells what it runs of the window that is open for it. */
async function runAgain(running: Running, profile: string, cause: Metadata): Promise<number> {
  const { log } = running
  const now = instantOf(running.now())
  const { planned, running: execution, windows } = (await log.load(profileAggregate, profile)).state
  const isMissing = async (upgrade: string) =>
    (await log.load(upgradeAggregate, upgrade)).commit === 0 && !(await isRollout(log, upgrade))
  const lacksPlan =
    planned !== null &&
    planned.end > now &&
    (await Promise.all(planned.upgrades.map(({ upgrade }) => isMissing(upgrade)))).includes(true)
  const lacksStart = execution !== null && (await isMissing(execution.upgrade))
  let missed = 0
  if (lacksPlan || lacksStart) {
    const told = log
      .of(profileAggregate, profile)
      .events({ consistent: true }, ['WindowPlanned', 'ExecutionStarted'])
    for await (const { event, at } of told) {
      const isOfPlan = event.type === 'WindowPlanned' && event.data.scheduledAt === planned?.scheduledAt
      if (lacksPlan && isOfPlan && event.data.upgrades.some(({ upgrade }) => named(planned, upgrade)))
        await plan(running, profile, event.data, at, cause)
      else if (lacksStart && event.type === 'ExecutionStarted' && event.data.upgrade === execution.upgrade)
        await start(running, profile, event.data, undefined, cause)
      else continue
      missed++
    }
  }
  const opened = windows.findLast(
    (window) => window.result === 'opened' && window.upgrade === execution?.upgrade,
  )
  if (opened?.result !== 'opened') return missed
  if (execution?.rollout) {
    if (opened.resumed && opened.end > now) {
      const window = { start: opened.scheduledAt, end: opened.end }
      await openForRollout(running, opened.upgrade, window, cause)
    }
    return missed
  }
  const { state } = await log.load(upgradeAggregate, opened.upgrade)
  if (!missesWindow(state, opened, now)) return missed
  await open(running, opened.upgrade, { start: opened.scheduledAt, end: opened.end }, cause)
  return missed + 1
}

const named = (planned: PlannedWindow | null, upgrade: string) =>
  planned?.upgrades.some((one) => one.upgrade === upgrade) ?? false

/** Runs what a profile should run, however long ago that was missed. */
export const runsProfiles: Healer = {
  aggregate: profileAggregate.name,
  heal: (services, { id, cause }) => runAgain(services, id, cause),
}
