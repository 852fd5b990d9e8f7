import { cut } from '../../../events/cut.ts'
import { plainText } from '../../../events/words.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { attemptId } from '../../domain/target/attempt.ts'
import type { Failures } from '../../domain/upgrade/course.ts'
import { attemptOn } from '../../facts/attempt-story.ts'
import { planMembers } from '../../facts/plan-members.ts'
import type { Log } from '../../log/log.ts'
import { sideBySide } from '../../side-by-side.ts'

/** So many kinds of failures are told. */
const failuresAtMost = 5
/** So much is told of what a target has said. */
const saidAtMost = 300

/** Returns what the members of an upgrade have failed with most, each with what the last target that failed so has said of it. */
export async function commonFailures(
  log: Log,
  upgrade: string,
  planHash: string,
  failures: Failures,
): Promise<{ code: string; count: number; targetId: string; said: string | null }[]> {
  const common = failures.mostCommon(failuresAtMost)
  const members = await planMembers(
    log,
    planHash,
    common.map(({ member }) => member),
  )
  const told = await sideBySide(common, failuresAtMost, async ({ code, count, member, n }) => {
    const target = members.get(member)?.target
    if (target === undefined) return []
    const loaded = await log.load(targetAggregate, target)
    const attempt = await attemptOn(log, target, loaded, attemptId({ upgrade, target, n }))
    const said = plainText(attempt?.story.end?.output ?? '')
    return [{ code, count, targetId: target, said: said === '' ? null : cut(said, saidAtMost) }]
  })
  return told.flat()
}
