import { cut } from '../../../events/cut.ts'
import { plainText } from '../../../events/words.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { attemptId } from '../../domain/target/attempt.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import type { MemberCounts } from '../../domain/upgrade/counts.ts'
import { Failures } from '../../domain/upgrade/course.ts'
import { attemptOn } from '../../facts/attempt-story.ts'
import { planMembers } from '../../facts/plan-members.ts'
import type { Log } from '../../log/log.ts'
import { sideBySide } from '../../side-by-side.ts'

/** So many kinds of failures are told. */
const failuresAtMost = 5
/** So much is told of what a target has said. */
const saidAtMost = 300

/** So many of the last commits of its stream are read for them, whoever asks however often. */
const commitsLookedAt = 500

/** What an upgrade has come to, up to a commit of its stream. */
interface Reached {
  readonly id: string
  readonly planHash: string
  readonly counts: MemberCounts
  readonly commit: number
}

/** Returns what members have failed with, as the last commits tell it; where nobody has, none is read. */
async function failuresOf(log: Log, { id, counts, commit }: Reached): Promise<Failures> {
  const failures = new Failures()
  if (counts.failed + counts.unreachable + counts.retrying === 0) return failures
  const range = { from: Math.max(1, commit - commitsLookedAt + 1), to: commit, consistent: true }
  for await (const { event } of log.of(upgradeAggregate, id).events(range, Failures.follows))
    failures.follow(event)
  return failures
}

/** Returns what the members of an upgrade have failed with most, each with what the last target that failed so has said of it. */
export async function commonFailures(
  log: Log,
  reached: Reached,
): Promise<{ code: string; count: number; targetId: string; said: string | null }[]> {
  const { id: upgrade, planHash } = reached
  const common = (await failuresOf(log, reached)).mostCommon(failuresAtMost)
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
