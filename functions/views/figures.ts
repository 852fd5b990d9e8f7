import { canonicalJson } from '../../events/canonical.ts'
import type { QueueState } from '../domain/upgrade/queue.ts'
import type { ViewStore } from './store.ts'

/** How many targets a profile means, and when they were counted. */
export interface ProfileFigure {
  readonly members: number
  readonly at: string
}

/** All upgrades up to a row of their list, by what they wait for: those that had ended counted, the others by the names of their rows. */
export interface QueueFigure {
  readonly through: string
  readonly ended: Readonly<Record<QueueState, number>>
  readonly open: readonly string[]
}

/** Sums over many streams, which nobody who asks should have to make: they belong to no version of the views. */
const view = 'figures'
const queueRow = 'queue'
const profileRow = (profile: string) => `profile/${profile}`

async function read<Figure>(store: ViewStore, row: string): Promise<Figure | undefined> {
  const stored = await store.get(view, row)
  return stored?.body ? (JSON.parse(stored.body) as Figure) : undefined // written below alone
}

/** The last one who counted wins. */
async function write(store: ViewStore, row: string, figure: ProfileFigure | QueueFigure): Promise<void> {
  let present = await store.get(view, row)
  for (;;) {
    const next = { view, row, version: (present?.version ?? 0) + 1, commit: 0, body: canonicalJson(figure) }
    const written = await store.put(next, present?.version)
    if (written.stored) return
    present = written.present
  }
}

/** Returns how many targets a profile means; undefined before they were counted. */
export function readProfileFigure(store: ViewStore, profile: string): Promise<ProfileFigure | undefined> {
  return read(store, profileRow(profile))
}

/** Keeps how many targets a profile means. */
export function writeProfileFigure(store: ViewStore, profile: string, figure: ProfileFigure): Promise<void> {
  return write(store, profileRow(profile), figure)
}

/** Returns the upgrades that were counted; undefined before any were. */
export function readQueueFigure(store: ViewStore): Promise<QueueFigure | undefined> {
  return read(store, queueRow)
}

/** Keeps the upgrades that were counted. */
export function writeQueueFigure(store: ViewStore, figure: QueueFigure): Promise<void> {
  return write(store, queueRow, figure)
}
