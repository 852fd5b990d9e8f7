import { type ProfileEvent, profileEvents } from '../../events/profile.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { failedTriesOf, requestFromProfile } from '../domain/profile/request.ts'
import { windowOf } from '../domain/profile/windows.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { moveWindow } from '../domain/upgrade/control.ts'
import { requestUpgrade } from '../domain/upgrade/lifecycle.ts'
import type { Log } from '../log/log.ts'
import { admissionFacts, factsAreGoodFor } from '../planning/facts.ts'
import { workOf } from '../planning/profile-members.ts'
import type { Views } from '../views/read.ts'
import { causedBy, type Duty, eventsIn, holds, streamOf } from './duty.ts'
import { settled } from './settle.ts'

type EventOf<Type extends ProfileEvent['type']> = Extract<ProfileEvent, { type: Type }>
interface Running {
  readonly log: Log
  readonly views: () => Views
}

/** Requests the upgrade of an execution; its own execution plans it. The first request stands, whatever the profile says later. */
async function start(
  { log, views }: Running,
  profile: string,
  { upgrade, scheduledAt, justification, by }: EventOf<'ExecutionStarted'>['data'],
  metadata: ReturnType<typeof causedBy>,
): Promise<void> {
  if ((await log.load(upgradeAggregate, upgrade)).commit > 0) return
  const { state } = await log.load(profileAggregate, profile)
  const { definition } = state
  if (!definition) return
  const work = await workOf({ log, views: views() }, profile, definition)
  const component = (work.find(({ matching }) => matching > 0) ?? work[0])?.component
  if (component === undefined) throw new Error(`profile#${profile} names nothing that could be upgraded.`)
  const request = requestFromProfile({
    profile,
    definition,
    component,
    window: scheduledAt === null ? null : windowOf(definition.schedule, scheduledAt),
    failedTries: failedTriesOf(state.summaries),
    reason: justification,
  })
  const begin = requestUpgrade({ request, by })
  settled(
    `upgrade#${upgrade}`,
    await log.execute(upgradeAggregate, upgrade, begin, metadata, { retryFor: 5000 }),
  )
}

/** Lets an unfinished upgrade go on in the window that has opened. */
async function resume(
  { log }: Running,
  { upgrade, scheduledAt, end }: EventOf<'WindowOpened'>['data'],
  metadata: ReturnType<typeof causedBy>,
): Promise<void> {
  const { state } = await log.load(upgradeAggregate, upgrade)
  const window = { start: scheduledAt, end }
  const move = moveWindow({ window, by: systemActor }, await admissionFacts(log, state))
  const options = { retryFor: factsAreGoodFor }
  settled(`upgrade#${upgrade}`, await log.execute(upgradeAggregate, upgrade, move, metadata, options))
}

/** A window opened, or somebody started an execution out of turn: an upgrade is requested, or an unfinished one goes on. */
export function runProfile(running: Running): Duty {
  return {
    name: 'run-profile',
    concerns: (commit) =>
      streamOf(commit).aggregate === 'profile' && holds(commit, 'ExecutionStarted', 'WindowOpened'),
    async act(commit) {
      const metadata = causedBy(commit, systemActor)
      const profile = streamOf(commit).id
      for (const { data } of eventsIn(commit, profileEvents.decode, 'ExecutionStarted'))
        await start(running, profile, data, metadata)
      for (const { data } of eventsIn(commit, profileEvents.decode, 'WindowOpened'))
        if (data.resumed) await resume(running, data, metadata)
    },
  }
}
