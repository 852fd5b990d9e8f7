import type { Commit } from '../../events/envelope.ts'
import { type ProfileEvent, profileEvents } from '../../events/profile.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { summariseUpgrade } from '../domain/profile/execution.ts'
import { requestFromProfile } from '../domain/profile/request.ts'
import type { ProfileState } from '../domain/profile/state.ts'
import { type Window, windowOf } from '../domain/profile/windows.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { moveWindow } from '../domain/upgrade/control.ts'
import { requestUpgrade } from '../domain/upgrade/lifecycle.ts'
import { hasEnded } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { admissionFacts, factsAreGoodFor } from '../planning/facts.ts'
import { workOf } from '../planning/profile-members.ts'
import { summaryOf } from '../planning/summary.ts'
import type { Views } from '../views/views.ts'
import { causedBy, type Duty, eventsIn, holds, streamOf } from './duty.ts'

type EventOf<Type extends ProfileEvent['type']> = Extract<ProfileEvent, { type: Type }>
interface Running {
  readonly log: Log
  readonly views: () => Views
}

type Cause = ReturnType<typeof causedBy>

/** Requests an upgrade; its own execution plans it. The first request stands, whatever the profile says later. */
async function request(
  { log }: Running,
  profile: string,
  { definition }: ProfileState,
  upgrade: {
    readonly id: string
    readonly component: string
    readonly window: Window | null
    readonly reason: string | null
    readonly by: string
    readonly approveWithin?: number
  },
  metadata: Cause,
): Promise<void> {
  if (!definition) return
  const { id, by, ...own } = upgrade
  const begin = requestUpgrade({
    request: requestFromProfile({ profile, definition, ...own }),
    by,
  })
  settled(`upgrade#${id}`, await log.execute(upgradeAggregate, id, begin, metadata, { retryFor: 5000 }))
}

/** Requests what is planned ahead of a window, with the time until the window's end for approvals. */
async function plan(
  running: Running,
  profile: string,
  commit: Commit,
  { scheduledAt, end, upgrades, by }: EventOf<'WindowPlanned'>['data'],
  metadata: Cause,
): Promise<void> {
  const { state } = await running.log.load(profileAggregate, profile)
  const window = { start: scheduledAt, end }
  const approveWithin = Math.ceil((Date.parse(end) - Date.parse(commit.at)) / 1000)
  for (const { upgrade: id, component } of upgrades)
    await request(
      running,
      profile,
      state,
      { id, component, window, reason: null, by, approveWithin },
      metadata,
    )
}

/** Requests the upgrade of an execution; one that was planned ahead is there already, and may begin now. */
async function start(
  running: Running,
  profile: string,
  { upgrade: id, scheduledAt, justification, by }: EventOf<'ExecutionStarted'>['data'],
  metadata: Cause,
): Promise<void> {
  const { log, views } = running
  const { state } = await log.load(profileAggregate, profile)
  const { definition } = state
  if (!definition) return
  if ((await log.load(upgradeAggregate, id)).commit === 0) {
    const work = await workOf({ log, views: views() }, profile, definition)
    const component = (work.find(({ matching }) => matching > 0) ?? work[0])?.component
    if (component === undefined) throw new Error(`profile#${profile} names nothing that could be upgraded.`)
    const window = scheduledAt === null ? null : windowOf(definition.schedule, scheduledAt)
    await request(running, profile, state, { id, component, window, reason: justification, by }, metadata)
  }
  if (scheduledAt === null) return
  await open(running, id, scheduledAt, metadata)
  if (!hasEnded((await log.load(upgradeAggregate, id)).state)) return
  // It was rejected, or found nothing to do, before its window opened: nothing will tell of its end any more.
  const summary = summariseUpgrade(await summaryOf({ log, views: views() }, id))
  const outcome = await log.execute(profileAggregate, profile, summary, metadata, { retryFor: 5000 })
  settled(`profile#${profile}`, outcome)
}

/** Lets an unfinished upgrade go on, or one that was planned ahead begin, in the window that has opened. */
async function open(
  { log }: Running,
  upgrade: string,
  start: string,
  metadata: Cause,
  end?: string,
): Promise<void> {
  const { state } = await log.load(upgradeAggregate, upgrade)
  const present = end ?? state.window?.end
  if (present === undefined) return
  const window = { start, end: present }
  const move = moveWindow({ window, by: systemActor }, await admissionFacts(log, state))
  const options = { retryFor: factsAreGoodFor }
  settled(`upgrade#${upgrade}`, await log.execute(upgradeAggregate, upgrade, move, metadata, options))
}

/**
 * A window is planned ahead or opened, or somebody started an execution out of turn: an upgrade is requested, or one that was planned or
 * is unfinished goes on.
 */
export function runProfile(running: Running): Duty {
  return {
    name: 'run-profile',
    concerns: (commit) =>
      streamOf(commit).aggregate === 'profile' &&
      holds(commit, 'WindowPlanned', 'ExecutionStarted', 'WindowOpened'),
    async act(commit) {
      const metadata = causedBy(commit, systemActor)
      const profile = streamOf(commit).id
      for (const { data } of eventsIn(commit, profileEvents.decode, 'WindowPlanned'))
        await plan(running, profile, commit, data, metadata)
      for (const { data } of eventsIn(commit, profileEvents.decode, 'ExecutionStarted'))
        await start(running, profile, data, metadata)
      for (const { data } of eventsIn(commit, profileEvents.decode, 'WindowOpened'))
        if (data.resumed) await open(running, data.upgrade, data.scheduledAt, metadata, data.end)
    },
  }
}
