import { canonicalJson } from '../../events/canonical.ts'
import type { Commit } from '../../events/envelope.ts'
import { partsOf } from '../../events/stream.ts'
import type { Aggregate, DomainEvent } from '../domain/aggregate.ts'
import { budgetAggregate } from '../domain/budget/budget.ts'
import { componentAggregate } from '../domain/component/component.ts'
import { licenceAggregate } from '../domain/licence/licence.ts'
import { membershipJobAggregate } from '../domain/membership/job.ts'
import { planAggregate } from '../domain/plan/aggregate.ts'
import { policyAggregate } from '../domain/policy/policy.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { releaseAggregate } from '../domain/release/release.ts'
import { rulesAggregate } from '../domain/rules/rules.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { trustAggregate } from '../domain/trust/trust.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { emptyFold, foldCommit } from './fold.ts'
import { unpackState } from './snapshot.ts'

type Follow = (commit: Commit) => string | undefined

/** Returns how to follow a stream of an aggregate from its first commit, folding events alone and believing no snapshot. */
function follower<State, Event extends DomainEvent>(aggregate: Aggregate<State, Event>): () => Follow {
  return () => {
    let fold = emptyFold(aggregate)
    return (commit) => {
      try {
        fold = foldCommit(aggregate, fold, commit)
        const { snapshot } = commit
        // One of another version is used by no load.
        if (snapshot?.schema !== aggregate.stateSchema) return undefined
        const same = canonicalJson(unpackState(snapshot.state)) === canonicalJson(fold.state)
        return same ? undefined : 'The state in its snapshot is not what the events up to it make.'
      } catch (error) {
        return `It cannot be folded: ${error instanceof Error ? error.message : String(error)}`
      }
    }
  }
}

const followers: Readonly<Record<string, () => Follow>> = {
  component: follower(componentAggregate),
  licence: follower(licenceAggregate),
  memberships: follower(membershipJobAggregate),
  plan: follower(planAggregate),
  policy: follower(policyAggregate),
  profile: follower(profileAggregate),
  release: follower(releaseAggregate),
  rules: follower(rulesAggregate),
  budget: follower(budgetAggregate),
  target: follower(targetAggregate),
  trust: follower(trustAggregate),
  upgrade: follower(upgradeAggregate),
}

/**
 * Returns how to follow a stream from its first commit to its last: of each it is said what is wrong with the state in its snapshot, by the
 * folds from which decisions are made. Undefined: nothing is wrong, or no load would use it.
 */
export function replay(stream: string): Follow {
  const { kind } = partsOf(stream)
  const follow = Object.hasOwn(followers, kind) ? followers[kind] : undefined
  return follow?.() ?? (() => undefined)
}
