import { type UpgradeRequest, upgradeEvents } from '../../events/upgrade.ts'
import type { Candidate } from '../domain/plan/plan.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { confirmedBefore } from '../domain/target/state.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { eachMember } from '../domain/upgrade/members.ts'
import type { Log } from '../log/log.ts'
import { sideBySide } from '../side-by-side.ts'
import { candidateFrom } from './candidates.ts'
import { planMembers } from './members.ts'

type ChildKind = 'retry' | 'rollback'

/** Ends after which a target may run something else than before: a rollback takes these back. */
const touched = new Set(['succeeded', 'failed', 'timed_out', 'lost', 'cancelled', 'rollback_failed'])
/** Ends that another try may mend. A target whose own rollback failed is quarantined: a person looks at it first. */
const failed = new Set(['failed', 'timed_out', 'lost', 'rejected', 'rolled_back', 'unreachable'])

/** Returns the members of an upgrade, ascending, that a child of this kind takes, as the upgrade's stream tells. */
export async function membersForChild(log: Log, parent: string, kind: ChildKind): Promise<number[]> {
  const wanted = kind === 'rollback' ? touched : failed
  const found = new Set<number>()
  for await (const commit of log.commits(`upgrade#${parent}`, { consistent: true })) {
    for (const stored of commit.events) {
      if (stored.type === 'OutcomesRecorded') {
        const event = upgradeEvents.decode(stored.type, stored.schema, JSON.parse(stored.data))
        if (event.type !== 'OutcomesRecorded') continue
        for (const { member, outcome, again } of event.data.outcomes) {
          // A failure was touched even when a later try of it was withdrawn; only the last end says whether it failed.
          if (wanted.has(outcome) && (kind === 'rollback' || again === null)) found.add(member)
          else if (kind === 'retry') found.delete(member)
        }
      } else if (stored.type === 'MembersSkipped' && kind === 'retry') {
        const event = upgradeEvents.decode(stored.type, stored.schema, JSON.parse(stored.data))
        if (event.type === 'MembersSkipped')
          for (const member of eachMember(event.data.members)) found.delete(member)
      }
    }
  }
  return [...found].sort((a, b) => a - b)
}

/** Yields the targets of a child upgrade: those of its parent that it is about, each read from its own stream. */
export async function* candidatesOfChild(log: Log, request: UpgradeRequest): AsyncGenerator<Candidate> {
  const { parent, kind, component, selection } = request
  if (parent === null || kind === 'deploy') return
  const { state } = await log.load(upgradeAggregate, parent)
  if (!state.plan) return
  const members = await planMembers(log, state.plan.planHash, await membersForChild(log, parent, kind))
  const chosen = [...members.values()].filter(({ target }) => selection.targets?.includes(target) ?? true)
  for (let from = 0; from < chosen.length; from += 256) {
    yield* await sideBySide(chosen.slice(from, from + 256), 16, async (member) => {
      const target = await log.load(targetAggregate, member.target)
      const candidate = candidateFrom(member.target, target.state, component)
      const membership = target.state.memberships[selection.profile ?? '']
      const unwanted = membership?.override.rollback_on_failure === false
      // A target keeps its last attempts only; what the parent's plan saw is the same version.
      const to = confirmedBefore(target.state, parent, component) ?? member.from
      return { ...candidate, to, ...(unwanted && { excluded: 'rollback_unwanted' as const }) }
    })
  }
}
