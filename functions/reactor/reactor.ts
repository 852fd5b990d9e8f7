import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { fromImage } from '../../events/envelope.ts'
import type { Connections } from '../connections.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { emitMetrics } from '../metrics.ts'
import { assignTargets } from './assign-targets.ts'
import { cleanUpProfile } from './clean-up-profile.ts'
import { endWaits } from './end-waits.ts'
import { expireAttempts } from './expire-attempts.ts'
import { heedFailures } from './heed-failures.ts'
import { keepSchedules } from './keep-schedules.ts'
import { makeMemberships } from './make-memberships.ts'
import { planAfterCalendar } from './plan-after-calendar.ts'
import { publishEvents } from './publish-events.ts'
import { recordOutcomes } from './record-outcomes.ts'
import { resumeTargets } from './resume-targets.ts'
import { retryParked } from './retry-parked.ts'
import { rollBackWanted } from './roll-back-wanted.ts'
import { runDuties } from './run.ts'
import { runProfile } from './run-profile.ts'
import { startExecution } from './start-execution.ts'
import { summariseUpgrades } from './summarise-upgrade.ts'
import { tickLive } from './tick-live.ts'
import { voidPlans } from './void-plans.ts'
import { withdrawTargets } from './withdraw-targets.ts'

/** What follows from a fact, in the order in which the duties act on one commit. */
export function allDuties(services: Omit<Connections, 'viewStore' | 'roleClaim'>) {
  const { log, now } = services
  const duties = [
    startExecution({
      log,
      client: () => services.upgradeMachine.client,
      machine: () => services.upgradeMachine.arn,
    }),
    withdrawTargets({ log }),
    assignTargets({ log, telemetry: () => services.telemetry }),
    resumeTargets({ log }),
    expireAttempts({ log, telemetry: services.telemetry }),
    endWaits({ log, tokens: () => services.tokens, redemption: () => services.redemption, now }),
    makeMemberships({ log }),
    cleanUpProfile({ log, views: () => services.views }),
    keepSchedules({ log, views: () => services.views, schedules: () => services.windowSchedules, now }),
    voidPlans({ log }),
    planAfterCalendar({ log, views: () => services.views, now }),
    runProfile({ log, views: () => services.views }),
    heedFailures({ log }),
    rollBackWanted(() => services),
    summariseUpgrades({ log, views: () => services.views }),
    tickLive({ log, views: () => services.views }),
    publishEvents({ client: () => services.bus.client, busName: () => services.bus.name }),
  ]
  const collecting = [recordOutcomes({ log })]
  const parked = () => services.parked
  return {
    duties: [...duties, retryParked({ log, parked, duties, collecting })],
    collecting,
    parked: services.parked,
  }
}

/** Counts what the reactor itself appended and what came from outside: a loop would show as the first outrunning the second. */
function emitAppends(now: number, actors: readonly string[]): void {
  const own = actors.filter((actor) => actor === systemActor).length
  emitMetrics(now, { ReactorAppends: own, ExternalAppends: actors.length - own })
}

/** Acts on the commits of one batch of the log's stream; answers which records have to come again. */
export async function react(
  services: Parameters<typeof allDuties>[0],
  event: DynamoDBStreamEvent,
): Promise<DynamoDBBatchResponse> {
  const records = event.Records.flatMap((record) => {
    const image = record.eventName === 'INSERT' ? record.dynamodb?.NewImage : undefined
    return image ? [{ commit: fromImage(image), sequence: record.dynamodb?.SequenceNumber ?? '' }] : []
  })
  const commits = records.map(({ commit }) => commit)
  emitAppends(
    services.now(),
    commits.map(({ actor }) => actor),
  )
  const again = await runDuties(commits, allDuties(services))
  const failed = records.filter(({ commit }) => again.has(commit.stream))
  return { batchItemFailures: failed.map(({ sequence }) => ({ itemIdentifier: sequence })) }
}
