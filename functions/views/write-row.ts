import type { Commit } from '../../events/envelope.ts'
import type { Log } from '../log/log.ts'
import { inVersion } from './pointer.ts'
import { fold, ProjectionFault, type Step } from './projection.ts'
import type { StoredRow, ViewStore } from './store.ts'

/** How often another writer may win the same row before the stream is tried again later. */
const triesPerRow = 10

/** How far before a commit the beginning of an absent row is looked for first, in commits; then ever farther. */
const firstStride = 16

/** What a row is written from. */
export interface RowWriter {
  readonly store: ViewStore
  readonly log: Pick<Log, 'commits'>
  readonly stream: string
  readSteps(commit: Commit): readonly Step[]
}

/** Others kept winning the row. */
export class RowContended extends Error {
  override readonly name = 'RowContended'
  constructor(view: string, row: string) {
    super(`${view} ${row}: other projectors kept winning; the batch is tried again.`)
  }
}

/**
 * Folds steps of one row, given in the order of their stream, into what is stored, and writes it if nobody else has meanwhile. Steps that
 * the row has in it change nothing; steps that are missing before them are read from the log.
 * Throws ProjectionFault when they are not there either.
 */
export async function writeRow(writer: RowWriter, version: string, steps: readonly Step[]): Promise<void> {
  const [first] = steps
  if (!first) return
  const view = inVersion(version, first.place.view)
  // A row's first step finds none there, unless it comes twice: then the refused write answers with the row.
  let stored = first.place.sequence === 1 ? undefined : await writer.store.get(view, first.place.row)
  for (let tries = 0; tries < triesPerRow; tries++) {
    const folded = await foldWhole(writer, view, stored, steps)
    if (!folded) return
    const written = await writer.store.put(folded, stored?.version)
    if (written.stored) return
    stored = written.present
  }
  throw new RowContended(view, first.place.row)
}

/** Returns the row after the steps and whatever is missing before them; undefined when it has them in it. */
async function foldWhole(
  writer: RowWriter,
  view: string,
  stored: StoredRow | undefined,
  steps: readonly Step[],
): Promise<StoredRow | undefined> {
  let folded = fold(stored, view, steps)
  if (folded.kind === 'gap') {
    const last = steps.at(-1)?.commit ?? 0
    for (const from of gapStarts(stored, steps)) {
      folded = fold(stored, view, await stepsFromLog(writer, steps, from, last))
      if (folded.kind !== 'gap') break
    }
  }
  if (folded.kind === 'gap') {
    const missing = new Error(`${view} ${steps[0]?.place.row}: ${folded.missing} is not in the log`)
    throw new ProjectionFault(steps[0]?.commit ?? 0, missing)
  }
  return folded.kind === 'folded' ? folded.row : undefined
}

/**
 * Where to read from, in the order of trying. A row knows the last commit that fed it. One that is absent may begin anywhere
 * before: near by as a rule, as an attempt's events lie close together in a stream of ten thousand commits.
 */
function* gapStarts(stored: StoredRow | undefined, steps: readonly Step[]): Generator<number> {
  if (stored) {
    yield stored.commit
    return
  }
  const before = steps[0]?.commit ?? 1
  for (let stride = firstStride; before - stride > 1; stride *= 4) yield before - stride
  yield 1
}

async function stepsFromLog(
  { log, stream, readSteps }: RowWriter,
  steps: readonly Step[],
  from: number,
  to: number,
): Promise<readonly Step[]> {
  const { view, row } = steps[0]?.place ?? { view: '', row: '' }
  const found: Step[] = []
  for await (const commit of log.commits(stream, { from, to, consistent: true })) {
    found.push(...readSteps(commit).filter(({ place }) => place.view === view && place.row === row))
  }
  return found
}
