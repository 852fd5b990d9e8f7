import { targetAggregate } from '../domain/target/aggregate.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { membersOf } from '../domain/upgrade/members.ts'
import type { Log, Metadata } from '../log/log.ts'
import { sideBySide } from '../side-by-side.ts'
import { attemptOf } from './assignment.ts'
import { healMember } from './heal-member.ts'

const membersAtOnce = 16

/**
 * Looks after every member in flight whose target does not work on its attempt: one that was never assigned is assigned, an end that
 * was never recorded is recorded. Whoever is assigned now has from `at` on, in milliseconds, to accept. Returns how many there were.
 */
export async function healMembers(
  { log, metadata, at }: { readonly log: Log; readonly metadata: Metadata; readonly at: number },
  upgrade: string,
): Promise<number> {
  const { state } = await log.load(upgradeAggregate, upgrade)
  const context = { log, upgrade, state, metadata }
  const inFlight = Object.keys(state.chunks).flatMap((chunk) =>
    [...membersOf(state.chunks, Number(chunk))].filter(([, { status }]) => status === 'in_flight'),
  )
  const acceptBy = new Date(at + (state.request?.deadlines.accept ?? 0) * 1000).toISOString()
  let healed = 0
  await sideBySide(inFlight, membersAtOnce, async ([member, { n }]) => {
    const { target, identity } = await attemptOf(context, { member, n })
    const known = await log.load(targetAggregate, target)
    if (known.state.active?.attempt === identity.attempt) return
    healed++
    await healMember(context, { member, n, acceptBy })
  })
  return healed
}
