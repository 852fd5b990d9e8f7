import { instantOf } from '../../../events/time.ts'
import { countMembers } from '../../facts/targeting.ts'
import type { Log } from '../../log/log.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import { keepAttemptFigure } from '../../views/attempt-totals.ts'
import { writeProfileFigure } from '../../views/figures.ts'
import { inVersion, readPointer } from '../../views/pointer.ts'
import { keepQueueFigure } from '../../views/queue-count.ts'
import { viewNames } from '../../views/rows.ts'
import type { ViewStore } from '../../views/store.ts'
import type { Views } from '../../views/views.ts'

/** Counts what is summed over the whole fleet, so that nobody who asks has to (R16): how many targets each profile means, the queue, and how attempts ended. */
export async function keepFigures(services: {
  readonly log: Log
  readonly views: Views
  readonly viewStore: ViewStore
  now(): number
}): Promise<void> {
  const { viewStore: store, now } = services
  const at = instantOf(now())
  const counted = await countMembers(services)
  await sideBySide(counted, atOnce.streams, ([profile, members]) =>
    writeProfileFigure(store, profile, { members, at }),
  )
  const { version } = await readPointer(store)
  await keepQueueFigure(store, inVersion(version, viewNames.upgrades), at)
  await keepAttemptFigure(store, inVersion(version, viewNames.analytics), at)
}
