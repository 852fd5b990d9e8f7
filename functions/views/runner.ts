import type { Commit } from '../../events/envelope.ts'
import { isLasting } from '../errors.ts'
import type { Log } from '../log/log.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Parked } from '../work/parked.ts'
import { inVersion, knownPointer } from './pointer.ts'
import { ProjectionFault, type RowChange } from './projection.ts'
import { sourceOf } from './sources.ts'
import type { ViewStore } from './store.ts'
import { streamStart } from './stream-start.ts'
import { type PendingRow, writeRows } from './write-rows.ts'

/** The duty under which streams are parked that cannot be projected. */
export const projectDuty = 'project'

/** Of how many streams the beginning is looked up at once. */
const streamsAtOnce = 8

/** A stream that could not be projected now and may be later. */
export interface Postponed {
  readonly stream: string
  readonly error: unknown
}

export interface Runner {
  /**
   * Projects commits, which may come twice, late and in any order. Returns the streams that have to be tried again; a stream that would
   * fail for ever is parked.
   */
  project(commits: readonly Commit[]): Promise<readonly Postponed[]>
  /** Parks a stream of which a commit is no commit at all. */
  setAside(stream: string, commit: number, error: unknown): Promise<void>
}

/** Opens what folds commits into rows. */
export function openRunner({
  store,
  log,
  parked,
  now,
}: {
  readonly store: ViewStore
  readonly log: Pick<Log, 'commits'>
  readonly parked: Pick<Parked, 'park'>
  /** The present instant, in milliseconds: tells only how old the known pointer is. */
  now(): number
}): Runner {
  const pointer = knownPointer(store, now)
  const startOf = streamStart(log)

  /** Returns what a stream's commits feed, in every version; a commit that cannot be read is a fault, and those after it wait. */
  async function readStream(stream: string, commits: readonly Commit[], versions: readonly string[]) {
    const source = sourceOf(stream)
    if (!source) return { rows: [], faults: [] }
    const since = source.needsSince ? await startOf(stream, commits) : ''
    const changesIn = (commit: Commit) => source.changes(commit, since)
    const { changes, faults } = readable(commits, changesIn)
    const rows = [...byRow(changes).values()].flatMap((own) =>
      versions.map((version): PendingRow => {
        const { view = '', row = '' } = own[0]?.place ?? {}
        return { stream, view: inVersion(version, view), row, changes: own, changesIn }
      }),
    )
    return { rows, faults }
  }

  return {
    async project(commits) {
      const { version, building } = await pointer()
      const versions = building === null ? [version] : [version, building]
      const streams = byStream(commits)
      const failures: Postponed[] = []
      const read = await sideBySide(streams, streamsAtOnce, async ([stream, own]) => {
        try {
          const { rows, faults } = await readStream(stream, own, versions)
          failures.push(...faults.map((error) => ({ stream, error })))
          return rows
        } catch (error) {
          failures.push({ stream, error })
          return []
        }
      })
      for (const [{ stream }, error] of await writeRows({ store, log }, read.flat()))
        failures.push({ stream, error })

      const postponed: Postponed[] = []
      for (const [stream, own] of Map.groupBy(failures, (failure) => failure.stream)) {
        // What will pass is tried again first; should it come to that, what lasts is met then.
        const { error } = own.find((failure) => !isLasting(failure.error)) ?? own[0] ?? { error: undefined }
        try {
          if (!isLasting(error)) throw error
          const commit = error instanceof ProjectionFault ? error.commit : streams.get(stream)?.[0]?.commit
          await parked.park(projectDuty, stream, commit ?? 0, error)
        } catch (error) {
          postponed.push({ stream, error })
        }
      }
      return postponed
    },
    setAside: (stream, commit, error) => parked.park(projectDuty, stream, commit, error),
  }
}

/** Streams order records per item only: the order inside a stream is made here. */
function byStream(commits: readonly Commit[]): Map<string, readonly Commit[]> {
  const streams = new Map<string, Map<number, Commit>>()
  for (const commit of commits) {
    const own = streams.get(commit.stream) ?? new Map<number, Commit>()
    own.set(commit.commit, commit)
    streams.set(commit.stream, own)
  }
  return new Map(
    [...streams].map(([stream, own]) => [stream, [...own.values()].sort((a, b) => a.commit - b.commit)]),
  )
}

/** Returns the changes up to the first commit that cannot be read, and why it cannot. */
function readable(commits: readonly Commit[], changesIn: (commit: Commit) => readonly RowChange[]) {
  const changes: RowChange[] = []
  const faults: unknown[] = []
  for (const commit of commits) {
    try {
      changes.push(...changesIn(commit))
    } catch (fault) {
      faults.push(fault)
      break
    }
  }
  return { changes, faults }
}

/** Groups changes by the row that they feed; several of one row are folded and written once. */
export function byRow(changes: readonly RowChange[]): Map<string, readonly RowChange[]> {
  return Map.groupBy(changes, ({ place }) => inVersion(place.view, place.row))
}
