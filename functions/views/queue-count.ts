import { after, hour } from '../../events/time.ts'
import { type QueueState, queueStateOf } from '../domain/upgrade/queue.ts'
import { isEnd } from '../domain/upgrade/status.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import { type QueueFigure, readQueueFigure, writeQueueFigure } from './figures.ts'
import { merged } from './merge.ts'
import { unpacked } from './projections/standing.ts'
import { inRequestedRow } from './requested-row.ts'
import type { UpgradeBody } from './rows.ts'
import type { StoredRow, ViewStore } from './store.ts'

type Counts = Record<QueueState, number>

const nothing: Counts = { waiting: 0, active: 0, completed: 0, failed: 0, delayed: 0 }

/** A row may come into the list as much later than its upgrade was requested: what is younger is not counted for good. */
const settledAfter = hour
/** So many upgrades that have not ended are named; from there on everything is counted when somebody asks. */
const openAtMost = 500

function standingOf({ body }: StoredRow) {
  return unpacked((JSON.parse(body ?? 'null') as UpgradeBody).standing) // written by the one projection that feeds the view
}

/** Yields the rows that the figure does not count as ended: those that had not, and those that came since. */
async function* laterThan(store: ViewStore, list: string, figure: QueueFigure | undefined) {
  const open: StoredRow[] = []
  await sideBySide(figure?.open ?? [], atOnce.streams, async (name) => {
    const row = await store.get(list, name)
    if (row?.body) open.push(row)
  })
  yield* open
  yield* merged(store, [list], { after: figure?.through, limit: 1000 })
}

/** Returns how many upgrades have a hold since an instant or before. `list` is the view of them. */
export async function countHeldSince(store: ViewStore, list: string, instant: string): Promise<number> {
  let held = 0
  for await (const row of laterThan(store, list, await readQueueFigure(store)))
    if (standingOf(row).holds.some(({ since }) => since <= instant)) held += 1
  return held
}

/** Returns all upgrades by what they wait for: those counted before, and those that came since or had not ended. `list` is the view of them. */
export async function countQueue(store: ViewStore, list: string): Promise<Readonly<Counts>> {
  const figure = await readQueueFigure(store)
  const counts: Counts = { ...nothing, ...figure?.ended }
  for await (const row of laterThan(store, list, figure)) counts[queueStateOf(standingOf(row))] += 1
  return counts
}

/** Counts all upgrades anew, and keeps what will not change: whoever asks reads what is left. */
export async function keepQueueFigure(store: ViewStore, list: string, now: string): Promise<void> {
  const ended = { ...nothing }
  const open: string[] = []
  let through: string | undefined
  for await (const row of merged(store, [list], { limit: 1000 })) {
    if (inRequestedRow(row.row).since > after(now, -settledAfter)) break
    const standing = standingOf(row)
    if (isEnd(standing.status)) ended[queueStateOf(standing)] += 1
    else if (open.length < openAtMost) open.push(row.row)
    else break
    through = row.row
  }
  const figure: QueueFigure | undefined = through === undefined ? undefined : { through, ended, open }
  if (figure) await writeQueueFigure(store, figure)
}
