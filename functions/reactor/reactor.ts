import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { second } from '../../events/time.ts'
import { systemActor } from '../domain/actor.ts'
import { commitsIn } from '../log/records.ts'
import { emitMetrics } from '../metrics.ts'
import { OnTheirOwn } from '../side-by-side.ts'
import { duties } from './duties.ts'
import { repeat } from './repeat.ts'
import { retryParked } from './retry-parked.ts'
import { runDuties } from './run.ts'
import type { ReactorServices } from './services.ts'

/** So often an instance says what it has counted, in milliseconds: a line for each commit would be most of the reactor's log. */
const countedEvery = 15 * second

/**
 * Counts what the reactor itself appended and what came from outside: a loop would show as the first outrunning the second, for as long as it goes on. What an
 * instance has counted last and never said is lost.
 */
function countAppends(now: () => number) {
  let [own, all, saidAt] = [0, 0, 0]
  return (actors: readonly string[]): void => {
    own += actors.filter((actor) => actor === systemActor).length
    all += actors.length
    if (Math.abs(now() - saidAt) < countedEvery) return
    emitMetrics(now(), { ReactorAppends: own, ExternalAppends: all - own })
    ;[own, all, saidAt] = [0, 0, now()]
  }
}

/** Acts on the commits of one batch of the log's stream; answers which records have to come again. */
async function react(
  services: ReactorServices,
  count: ReturnType<typeof countAppends>,
  event: DynamoDBStreamEvent,
): Promise<DynamoDBBatchResponse> {
  const records = await commitsIn(event.Records, {
    // The projector reads the same records: it raises the alarm at the one, and sets the other aside.
    tampered() {},
    unreadable(stream, commit, error) {
      console.error({ message: 'A record is no commit.', stream, commit, error: String(error) })
    },
  })
  const commits = records.map(({ commit }) => commit)
  count(commits.map(({ actor }) => actor))
  const again = await runDuties(commits, duties, services)
  for (const [stream, { duty, error }] of again)
    console.warn({ message: 'A duty was put off.', duty, stream, error: String(error) })
  const failed = records.filter(({ commit }) => again.has(commit.stream))
  return { batchItemFailures: failed.map(({ sequence }) => ({ itemIdentifier: sequence })) }
}

/** Says again what has to be said again, and tries what was set aside; told by the clock. */
async function doAgain(services: ReactorServices): Promise<void> {
  // How much there is must be known even where trying it takes too long.
  emitMetrics(services.now(), { Parked: (await services.parked.list()).length })
  const tasks = {
    'what is repeated': () => repeat(duties, services),
    'what is parked': () => retryParked(duties, services),
  }
  const each = new OnTheirOwn()
  const act = ([, task]: [string, () => Promise<void>]) => task()
  await each.each(Object.entries(tasks), 1, act, ([name]) => name)
  each.end()
}

/** Returns the handler of the reactor: commits of the log's stream make it act on them, the clock on what it has put off. */
export function reactor(services: ReactorServices) {
  const count = countAppends(() => services.now())
  return async (event: DynamoDBStreamEvent | object): Promise<DynamoDBBatchResponse | undefined> => {
    if ('Records' in event) return react(services, count, event)
    await doAgain(services)
    return undefined
  }
}
