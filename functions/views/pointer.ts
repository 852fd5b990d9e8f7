import * as z from 'zod'
import { canonicalJson } from '../../events/canonical.ts'
import type { ViewStore } from './store.ts'

const view = 'pointer'
const row = 'current'
const body = z.object({ version: z.string(), building: z.string().nullable().default(null) })

/** Which version of the views is read, and which one is being built beside it: both are fed. */
export interface Pointer {
  readonly version: string
  readonly building: string | null
  /** How often it was moved. */
  readonly moves: number
}

/** Reads the pointer strongly; without one, version v1 is read and nothing is being built. */
export async function readPointer(store: ViewStore): Promise<Pointer> {
  const stored = await store.get(view, row)
  if (!stored?.body) return { version: 'v1', building: null, moves: 0 }
  return { ...body.parse(JSON.parse(stored.body)), moves: stored.version }
}

/**
 * How long a pointer that was read is taken as known, in milliseconds. Readers find the old version for so long, which is fed still; what is built waits
 * for so long before it is filled, since until then projectors may know of the old version alone.
 */
export const pointerAge = 5000

/** Returns what reads the pointer, and reads it again when it is old. `now` is in milliseconds. */
export function knownPointer(store: ViewStore, now: () => number): () => Promise<Pointer> {
  let known: { readonly pointer: Pointer; readonly readAt: number } | undefined
  return async () => {
    // Taken before the request: the pointer is at least as new as this says.
    const at = now()
    if (!known || at - known.readAt >= pointerAge || at < known.readAt)
      known = { pointer: await readPointer(store), readAt: at }
    return known.pointer
  }
}

/** Somebody else moved the pointer at the same time: only one rebuild runs at once. */
export class PointerMoved extends Error {
  override readonly name = 'PointerMoved'
  constructor() {
    super(
      'The pointer of the views was moved meanwhile: another rebuild is running. Wait for it, then try again.',
    )
  }
}

/** Moves the pointer on from where it was read. Throws PointerMoved when it is no longer there. */
export async function movePointer(
  store: ViewStore,
  from: Pointer,
  to: Pick<Pointer, 'version' | 'building'>,
): Promise<Pointer> {
  const moves = from.moves + 1
  const next = { view, row, version: moves, commit: 0, body: canonicalJson(to) }
  const written = await store.put(next, from.moves === 0 ? undefined : from.moves)
  if (!written.stored) throw new PointerMoved()
  return { ...to, moves }
}

/** Returns the name of a view in one version. */
export function inVersion(version: string, name: string): string {
  return `${version}/${name}`
}
