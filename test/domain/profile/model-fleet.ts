import { expect } from 'vitest'
import type { ProfileDefinition } from '../../../events/profile.ts'
import type { TargetEvent } from '../../../events/target.ts'
import { targetsOf } from '../../../functions/domain/profile/targeting.ts'
import { targetAggregate } from '../../../functions/domain/target/aggregate.ts'
import type { TargetDecision } from '../../../functions/domain/target/state.ts'

/** Two types that a profile's filters may mean, and one that they never do. */
export const types = ['publisher', 'local_broker', 'gateway'] as const
export const targets = ['t0', 't1', 't2', 't3', 't4'] as const
export type Target = (typeof targets)[number]

const byDefault = 5

/** What the log of one target says, read by nothing but this model. */
interface Told {
  readonly type: string
  readonly retired: boolean
  /** Priorities by profile. */
  readonly assigned: ReadonlyMap<string, number>
}

/** The targets of a model with their logs; whom a profile upgrades is judged from those alone. */
export class ModelFleet {
  readonly #logs = new Map<string, TargetEvent[]>()
  readonly #states = new Map<string, typeof targetAggregate.initial>()

  /** Decides about a target and keeps what was decided; false when it was refused. */
  do(target: Target, decision: TargetDecision, now: string): boolean {
    const state = this.#states.get(target) ?? targetAggregate.initial
    const decided = decision(state, now)
    if ('rejected' in decided) return false
    const log = this.#logs.get(target) ?? []
    const context = { commit: log.length + 1, at: now, actor: 'a' }
    this.#logs.set(target, [...log, ...decided.events])
    this.#states.set(
      target,
      decided.events.reduce((folded, event) => targetAggregate.evolve(folded, event, context), state),
    )
    return true
  }

  #told(target: string): Told {
    let [type, retired] = ['', false]
    const assigned = new Map<string, number>()
    for (const event of this.#logs.get(target) ?? []) {
      if (event.type === 'TargetRegistered') type = event.data.facts.type
      if (event.type === 'TargetRetired') retired = true
      if (event.type === 'ProfileJoined') assigned.set(event.data.profile, event.data.priority)
      if (event.type === 'ProfileLeft') assigned.delete(event.data.profile)
    }
    return { type, retired, assigned }
  }

  /** Whom a profile upgrades and in which order, by the words of the rule. */
  #expected(profile: string, filtered: readonly string[], living: ReadonlySet<string>): string[] {
    const members: { target: string; priority: number }[] = []
    for (const target of targets) {
      const { type, retired, assigned } = this.#told(target)
      const own = assigned.get(profile)
      const elsewhere = [...assigned.keys()].some((other) => other !== profile && living.has(other))
      if (retired || (own === undefined && (elsewhere || !filtered.includes(type)))) continue
      members.push({ target, priority: own ?? byDefault })
    }
    return members
      .sort((a, b) => a.priority - b.priority || (a.target < b.target ? -1 : 1))
      .map(({ target }) => target)
  }

  /** Returns whom a profile upgrades, after holding that against the logs. `living` are the profiles that exist. */
  membersOf(profile: string, definition: ProfileDefinition, living: ReadonlySet<string>): string[] {
    const rows = [...this.#states].flatMap(([id, { facts, components, retired, memberships }]) =>
      facts ? [{ id, facts, components, retired, memberships }] : [],
    )
    const facts = { profiles: living, canaryResources: new Set<string>() }
    const { members } = targetsOf(profile, definition, rows.toReversed(), facts)
    const found = members.map(({ target }) => target)
    const filtered = definition.resource_filters.resource_types
    expect(found, 'assigned ones, and those of the filters that nobody else has').toEqual(
      this.#expected(profile, filtered, living),
    )
    const priorities = members.map(({ priority }) => priority)
    expect(priorities, 'priority 1 comes first').toEqual(priorities.toSorted((a, b) => a - b))
    return found
  }
}
