import { targetAggregate } from '../domain/target/aggregate.ts'
import type { TargetState } from '../domain/target/state.ts'
import type { Log } from '../log/log.ts'
import { unlessUnreadable } from '../unreadable.ts'

/** Returns one target of many by its stream; undefined where that cannot be read however often it is tried (design: #one-of-many). */
export async function readableTarget(
  log: Pick<Log, 'load'>,
  target: string,
): Promise<TargetState | undefined> {
  const known = await unlessUnreadable(`target ${target}`, () => log.load(targetAggregate, target))
  return known?.state
}
