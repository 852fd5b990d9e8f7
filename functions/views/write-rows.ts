import type { Commit } from '../../events/envelope.ts'
import { isLasting, NotInTheLog } from '../errors.ts'
import type { Log } from '../log/log.ts'
import { sideBySide } from '../side-by-side.ts'
import { fold, ProjectionFault, type RowChange } from './projection.ts'
import type { RowKey, StoredRow, ViewStore } from './store.ts'

/** How often another writer may win the same row before the stream is tried again later. */
const triesPerRow = 10

/** How many rows are brought up to date from the log at once. */
const gapsAtOnce = 8

/** How far before a commit the beginning of an absent row is looked for first, in commits; then ever farther. */
const firstStride = 16

/** Changes of one row, in the order of the stream that they come from. */
export interface PendingRow {
  readonly stream: string
  /** The view's name with its version. */
  readonly view: string
  readonly row: string
  readonly changes: readonly RowChange[]
  changesIn(commit: Commit): readonly RowChange[]
}

interface Writing {
  readonly store: ViewStore
  readonly log: Pick<Log, 'commits'>
}

/** Changes of a row and what is stored of it, as far as is known. */
interface Pending {
  readonly own: PendingRow
  readonly stored: StoredRow | undefined
}

/** Others kept winning the row. */
export class RowContended extends Error {
  override readonly name = 'RowContended'
  constructor({ view, row }: RowKey) {
    super(`${view} ${row}: other projectors kept winning; the batch is tried again.`)
  }
}

/**
 * Folds the changes of each row into what is stored, and writes those that nobody else has written meanwhile; the others are folded anew.
 * Changes that a row has in it change nothing; changes that are missing before them are read from the log. Returns the errors of the rows
 * that could not be written; the rest is.
 */
export async function writeRows(
  { store, log }: Writing,
  rows: readonly PendingRow[],
): Promise<ReadonlyMap<PendingRow, unknown>> {
  const errors = new Map<PendingRow, unknown>()
  let pending = await read(store, rows, errors)
  for (let tries = 0; pending.length > 0; tries++) {
    if (tries === triesPerRow) {
      for (const { own } of pending) errors.set(own, new RowContended(own))
      break
    }
    const folded = await sideBySide(pending, gapsAtOnce, async ({ own, stored }) => {
      try {
        const row = await foldWhole(log, own, stored)
        return row ? [{ own, row, expected: stored?.version }] : []
      } catch (error) {
        errors.set(own, error)
        return []
      }
    })
    const writes = folded.flat()
    const results = await store.putMany(writes)
    pending = writes.flatMap(({ own }, index) => {
      const result = results[index]
      if (result?.status === 'rejected') errors.set(own, result.reason)
      return result?.status === 'fulfilled' && !result.value.stored
        ? [{ own, stored: result.value.present }]
        : []
    })
  }
  return errors
}

/** A row's first change finds none there, unless it comes twice: then the refused write answers with the row. */
function isNew({ changes }: PendingRow): boolean {
  return changes[0]?.place.sequence === 1
}

/** Reads what is stored of the rows; one that cannot be read at all leaves the others alone. */
async function read(
  store: ViewStore,
  rows: readonly PendingRow[],
  errors: Map<PendingRow, unknown>,
): Promise<readonly Pending[]> {
  const known = rows.filter((own) => !isNew(own))
  const fresh = rows.filter(isNew).map((own) => ({ own, stored: undefined }))
  if (known.length === 0) return fresh
  try {
    const stored = await store.getMany(known)
    return [...fresh, ...known.map((own, index) => ({ own, stored: stored[index] }))]
  } catch (error) {
    if (known.length === 1 || !isLasting(error)) {
      for (const own of known) errors.set(own, error)
      return fresh
    }
    const single = await sideBySide(known, gapsAtOnce, (own) => read(store, [own], errors))
    return [...fresh, ...single.flat()]
  }
}

/** Returns the row after the changes and whatever is missing before them; undefined when it has them in it. */
async function foldWhole(
  log: Writing['log'],
  own: PendingRow,
  stored: StoredRow | undefined,
): Promise<StoredRow | undefined> {
  const { view, row, changes } = own
  let folded = fold(stored, view, changes)
  if (folded.kind === 'gap') {
    const last = changes.at(-1)?.commit ?? 0
    for (const from of gapStarts(stored, changes)) {
      folded = fold(stored, view, await changesFromLog(log, own, from, last))
      if (folded.kind !== 'gap') break
    }
  }
  if (folded.kind === 'gap') {
    const missing = new NotInTheLog(`${view} ${row}: ${folded.missing}`)
    throw new ProjectionFault(changes[0]?.commit ?? 0, missing)
  }
  return folded.kind === 'folded' ? folded.row : undefined
}

/**
 * Where to read from, in the order of trying. A row knows the last commit that fed it. One that is absent may begin anywhere
 * before: near by as a rule, as an attempt's events lie close together in a stream of ten thousand commits.
 */
function* gapStarts(stored: StoredRow | undefined, changes: readonly RowChange[]): Generator<number> {
  if (stored) {
    yield stored.commit
    return
  }
  const before = changes[0]?.commit ?? 1
  for (let stride = firstStride; before - stride > 1; stride *= 4) yield before - stride
  yield 1
}

async function changesFromLog(
  log: Writing['log'],
  { stream, changes, changesIn }: PendingRow,
  from: number,
  to: number,
): Promise<readonly RowChange[]> {
  const { view, row } = changes[0]?.place ?? { view: '', row: '' }
  const found: RowChange[] = []
  for await (const commit of log.commits(stream, { from, to, consistent: true })) {
    found.push(...changesIn(commit).filter(({ place }) => place.view === view && place.row === row))
  }
  return found
}
