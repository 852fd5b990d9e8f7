import { setTimeout } from 'node:timers/promises'
import { movePointer, PointerMoved, pointerAge, readPointer } from './pointer.ts'
import type { ReconcileReport } from './reconcile.ts'
import type { ViewStore } from './store.ts'

/** The new version does not agree with the log; the pointer was left where it was. */
export class RebuildFailed extends Error {
  override readonly name = 'RebuildFailed'
  constructor({ drift, drifted }: Pick<ReconcileReport, 'drift' | 'drifted'>) {
    super(`${drift} rows of the new version drift (${drifted.join(', ')}); the old one is still read.`)
  }
}

/**
 * Begins an empty version of all views beside the one that is read, and returns its name once all projectors feed both: whatever the walk that fills
 * it does not find, they do. One that was broken off is taken up again, maybe a moment after it was begun. Throws PointerMoved when two begin at once.
 */
export async function beginRebuild(
  store: ViewStore,
  pause: (milliseconds: number) => Promise<unknown> = setTimeout,
): Promise<string> {
  const pointer = await readPointer(store)
  const building = pointer.building ?? nextVersion(pointer.version)
  if (pointer.building === null) await movePointer(store, pointer, { version: pointer.version, building })
  await pause(pointerAge)
  return building
}

/**
 * Has the version read that was begun, once a whole walk has filled it; doing it again changes nothing. A stream that began while the Catalogue lagged,
 * before projectors knew of the new version, is found by another walk. Throws RebuildFailed where rows drift, and PointerMoved where something
 * else is being built by now.
 */
export async function endRebuild(
  store: ViewStore,
  version: string,
  filled: Pick<ReconcileReport, 'drift' | 'drifted'>,
): Promise<void> {
  if (filled.drift > 0) throw new RebuildFailed(filled)
  const pointer = await readPointer(store)
  if (pointer.version === version) return
  if (pointer.building !== version) throw new PointerMoved()
  await movePointer(store, pointer, { version, building: null })
}

function nextVersion(version: string): string {
  return `v${Number(version.slice(1)) + 1}`
}
