import { minute } from '../../events/time.ts'
import { isLasting } from '../errors.ts'
import type { Log } from '../log/log.ts'
import type { Parked, ParkedDuty } from '../work/parked.ts'
import type { Duties } from './duties.ts'
import { isAnswered } from './duty.ts'

/** So many rows are tried at a time, those first that were tried longest ago, and for so long: then the rest has its turn next time. */
const rowsAtOnce = 20
const triedFor = 2 * minute

interface Trying {
  readonly log: Pick<Log, 'commits'>
  readonly parked: Parked
  now(): number
}

/** Where a try of a row ended, and why it did not come to the end of the stream. */
interface Stopped {
  readonly commit: number
  readonly error: unknown
}

/**
 * Does a duty for the commits of a stream from the one on that it was parked at, in their order. One that fails for ever keeps no later one
 * from being done; one that may pass does. Returns from where on it has to be done again; undefined: from nowhere.
 */
async function tryRow<Services extends Trying>(
  { duty: name, stream, commit: from, error }: ParkedDuty,
  { single, collecting }: Duties<Services>,
  services: Services,
  until: number,
): Promise<Stopped | undefined> {
  const one = single.find((candidate) => candidate.name === name)
  const many = collecting.find((candidate) => candidate.name === name)
  let failed: Stopped | undefined
  for await (const commit of services.log.commits(stream, { from, consistent: true })) {
    if (services.now() >= until) return failed ?? { commit: commit.commit, error }
    try {
      if (one && isAnswered(one.answers, commit)) await one.act(commit, services)
      if (many && isAnswered(many.answers, commit)) await many.act(many.groupOf(commit), [commit], services)
    } catch (error) {
      failed ??= { commit: commit.commit, error }
      if (!isLasting(error)) return failed
    }
  }
  return failed
}

/**
 * Tries again what was set aside, some of it each time: what is done by now is forgotten, and the rest moves on as far as it got. What no
 * duty of this version is named after waits for one that is, or for `reconcile`.
 */
export async function retryParked<Services extends Trying>(
  duties: Duties<Services>,
  services: Services,
): Promise<void> {
  const { parked, now } = services
  const rows = await parked.list()
  const known = new Set([...duties.single, ...duties.collecting].map(({ name }) => name))
  const due = rows
    .filter(({ duty }) => known.has(duty))
    .toSorted((left, right) => (left.at < right.at ? -1 : 1))
    .slice(0, rowsAtOnce)
  const until = now() + triedFor
  for (const row of due) {
    if (now() >= until) break
    const stopped = await tryRow(row, duties, services, until).catch((error: unknown) => ({
      commit: row.commit,
      error,
    }))
    if (stopped) await parked.moveOn(row, stopped.commit, stopped.error)
    else await parked.clear(row)
  }
}
