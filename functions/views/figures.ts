import { canonicalJson } from '../../events/canonical.ts'
import type { Series } from '../domain/tally/groups.ts'
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

/** What was counted of all attempts that ended on a day up to `through`. */
export interface AttemptFigure {
  readonly through: string
  readonly series: readonly Series[]
}

type Figure = ProfileFigure | QueueFigure | AttemptFigure

/** Sums over many streams, which nobody who asks should have to make: they belong to no version of the views. */
const view = 'figures'
const queueRow = 'queue'
const attemptsRow = 'attempts'
const profileRow = (profile: string) => `profile/${profile}`

async function read<Kept extends Figure>(store: ViewStore, row: string): Promise<Kept | undefined> {
  const stored = await store.get(view, row)
  return stored?.body ? (JSON.parse(stored.body) as Kept) : undefined // written below alone
}

/** The last one who counted wins. */
async function write(store: ViewStore, row: string, figure: Figure): Promise<void> {
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

/** Returns what was counted of all attempts; undefined before any was. */
export function readAttemptFigure(store: ViewStore): Promise<AttemptFigure | undefined> {
  return read(store, attemptsRow)
}

/** Keeps what was counted of all attempts. */
export function writeAttemptFigure(store: ViewStore, figure: AttemptFigure): Promise<void> {
  return write(store, attemptsRow, figure)
}
