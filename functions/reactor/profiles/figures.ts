import { instantOf } from '../../../events/time.ts'
import { countMembers } from '../../facts/targeting.ts'
import type { Log } from '../../log/log.ts'
import { atOnce } from '../../patience.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { keepAttemptFigure } from '../../views/attempt-totals.ts'
import { writeProfileFigure } from '../../views/figures.ts'
import { inVersion, readPointer } from '../../views/pointer.ts'
import { keepQueueFigure } from '../../views/queue-count.ts'
import { viewNames } from '../../views/rows.ts'
import type { ViewStore } from '../../views/store.ts'
import type { Views } from '../../views/views.ts'

/**
 * Counts what is summed over the whole fleet, so that nobody who asks has to (R16): how many targets each profile means, the queue, and how attempts ended.
 * Throws SomeFailed, which names what could not be counted, when everything else was.
 */
export async function keepFigures(services: {
  readonly log: Log
  readonly views: Views
  readonly viewStore: ViewStore
  now(): number
}): Promise<void> {
  const { viewStore: store, now } = services
  const at = instantOf(now())
  const each = new OnTheirOwn()
  const listOf = async (name: string) => inVersion((await readPointer(store)).version, name)
  const figures = {
    'the members of profiles': async () => {
      const counted = await countMembers(services, each)
      const keep = ([profile, members]: readonly [string, number]) =>
        writeProfileFigure(store, profile, { members, at })
      await each.each(counted, atOnce.streams, keep, ([profile]) => profile)
    },
    'the queue': async () => keepQueueFigure(store, await listOf(viewNames.upgrades), at),
    'the ends of attempts': async () => keepAttemptFigure(store, await listOf(viewNames.analytics), at),
  }
  await each.each(
    Object.entries(figures),
    1,
    ([, keep]) => keep(),
    ([name]) => name,
  )
  each.end()
}
