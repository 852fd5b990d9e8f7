import type { Commit } from '../../events/envelope.ts'
import { isLasting, NotInTheLog } from '../errors.ts'
import type { Log } from '../log/log.ts'
import { type OnTheirOwn, sideBySide } from '../side-by-side.ts'
import type { Parked } from '../work/parked.ts'
import { inVersion, readPointer } from './pointer.ts'
import { fold, ProjectionFault, type Source } from './projection.ts'
import { byRow, projectDuty } from './runner.ts'
import { sourceOf, sources } from './sources.ts'
import type { StoredRow, ViewStore } from './store.ts'

/** How many streams are compared at once. */
const streamsAtOnce = 8

/** How many rows of drift a report names. */
export const namedAtMost = 20

/** What a reconciliation reaches. */
export interface Reconciled {
  readonly store: ViewStore
  readonly log: Pick<Log, 'commits' | 'streams'>
  readonly parked: Parked
}

export interface ReconcileReport {
  readonly streams: number
  /** Rows that were missing or behind and are right now. */
  readonly healed: number
  /** Rows that the log does not account for: ahead of it, or another body at the same version. Must be 0. */
  readonly drift: number
  /** The first of them, as `view row`. */
  readonly drifted: readonly string[]
  /** Streams that cannot be projected, and were parked. */
  readonly parked: number
}

export interface ReconcileOptions {
  /** Of which aggregates; all that feed views, unless said otherwise. */
  readonly aggregates?: readonly string[]
  /** The version of the views; the one that is read, unless said otherwise. */
  readonly version?: string
  /** These streams alone, and not all that the Catalogue lists. */
  readonly streams?: readonly { readonly stream: string }[]
  /** Has by its name what could not be compared and may pass, which keeps no other from being compared; left out: the first such error ends it. */
  readonly each?: OnTheirOwn
}

/**
 * Folds each stream, of those given or of the Catalogue, and compares the rows with it: what is missing or behind is written, what the log does not
 * account for is reported. A parked stream that can be projected again is taken out of the parking.
 */
export async function reconcile(
  reached: Reconciled,
  options: ReconcileOptions = {},
): Promise<ReconcileReport> {
  const { store, log, parked } = reached
  const version = options.version ?? (await readPointer(store)).version
  const waiting = new Map(
    (await parked.list()).filter(({ duty }) => duty === projectDuty).map((one) => [one.stream, one]),
  )
  const report = { streams: 0, healed: 0, drift: 0, drifted: [] as string[], parked: 0 }
  const compare = async ({ stream }: { readonly stream: string }) => {
    const source = sourceOf(stream)
    if (!source) return
    report.streams += 1
    try {
      const { healed, drifted } = await reconcileStream(reached, source, stream, version)
      report.healed += healed
      report.drift += drifted.length
      report.drifted.push(...drifted.slice(0, namedAtMost - report.drifted.length))
      const waited = waiting.get(stream)
      if (waited) await parked.clear(waited)
    } catch (error) {
      if (!isLasting(error)) throw error
      report.parked += 1
      await parked.park(projectDuty, stream, error instanceof ProjectionFault ? error.commit : 0, error)
    }
  }
  const streams = options.streams ?? listed(log, options)
  if (options.each) await options.each.each(streams, streamsAtOnce, compare, ({ stream }) => stream)
  else await sideBySide(streams, streamsAtOnce, compare)
  return report
}

async function* listed(log: Reconciled['log'], { aggregates }: ReconcileOptions) {
  for (const { aggregate: name } of sources)
    if (!aggregates || aggregates.includes(name)) yield* log.streams({ name })
}

/** Brings the rows of one stream to where the log is. */
async function reconcileStream(reached: Reconciled, source: Source, stream: string, version: string) {
  let healed = 0
  const drifted: string[] = []
  for (const row of await rowsOf(reached, source, stream, version)) {
    switch (await bring(reached.store, row)) {
      case 'healed':
        healed += 1
        break
      case 'beyond':
        if (await isDrift(reached, source, stream, version, row)) drifted.push(`${row.view} ${row.row}`)
        break
      case 'right':
    }
  }
  return { healed, drifted }
}

/** Returns the rows that a stream's whole log makes, folded from nothing. */
export async function rowsOf(
  { log }: Pick<Reconciled, 'log'>,
  source: Source,
  stream: string,
  version: string,
): Promise<readonly StoredRow[]> {
  const commits: Commit[] = await Array.fromAsync(log.commits(stream, { consistent: true }))
  const since = commits[0]?.at ?? ''
  const changes = commits.flatMap((commit) => source.changes(commit, since))
  return [...byRow(changes).values()].flatMap((own) => {
    const view = inVersion(version, own[0]?.place.view ?? '')
    const folded = fold(undefined, view, own)
    if (folded.kind === 'gap') {
      throw new ProjectionFault(own[0]?.commit ?? 0, new NotInTheLog(`${view}: ${folded.missing}`))
    }
    return folded.kind === 'folded' ? [folded.row] : []
  })
}

/** Writes a row where the stored one is missing or behind; a projector may be doing the same. */
async function bring(store: ViewStore, row: StoredRow): Promise<'right' | 'healed' | 'beyond'> {
  let stored = await store.get(row.view, row.row)
  while (!stored || stored.version < row.version) {
    const written = await store.put(row, stored?.version)
    if (written.stored) return 'healed'
    stored = written.present
  }
  return isSame(stored, row) ? 'right' : 'beyond'
}

function isSame(a: StoredRow, b: StoredRow): boolean {
  return a.version === b.version && a.commit === b.commit && a.body === b.body
}

/** A row that was ahead may be right by now: the log may have grown since it was read. */
async function isDrift(
  reached: Reconciled,
  source: Source,
  stream: string,
  version: string,
  { view, row }: StoredRow,
): Promise<boolean> {
  const stored = await reached.store.get(view, row)
  const rows = await rowsOf(reached, source, stream, version)
  const present = rows.find((candidate) => candidate.view === view && candidate.row === row)
  if (!stored || !present) return true
  // The log was read after the row: it can only have gone on since.
  return stored.version > present.version || (stored.version === present.version && !isSame(stored, present))
}
