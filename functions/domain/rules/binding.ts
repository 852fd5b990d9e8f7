import type { PolicySelector } from '../../../events/rules.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import type { Policy } from './rules.ts'

/** What says whether a policy binds an upgrade: what it is for, and whom its request selects. */
export interface Bound {
  readonly kind: UpgradeRequest['kind']
  readonly component: string
  readonly types: readonly string[] | null
  readonly regions: readonly string[] | null
  readonly tags: Readonly<Record<string, string>> | null
}

/** The tag whose value is the environment of a target. */
const environmentTag = 'environment'

/** Returns what of a request says whether a policy binds it. */
export function boundOf({ kind, component, selection }: UpgradeRequest): Bound {
  const { types, regions, tags } = selection
  return { kind, component, types, regions, tags }
}

const meet = (left: readonly string[] | null, right: readonly string[] | null) =>
  left === null || right === null || left.some((one) => right.includes(one))

const tagOf = (tags: Bound['tags'], tag: string) =>
  tags !== null && Object.hasOwn(tags, tag) ? tags[tag] : undefined

/** Returns the environment that tags name; undefined: none. */
export function environmentOf(tags: Bound['tags']): string | undefined {
  return tagOf(tags, environmentTag)
}

/**
 * May an upgrade take a target that the selector means? What its request does not say may be anything: whoever wants to be bound by less
 * says whom he means, by region, type or tag.
 */
export function selects(selector: PolicySelector, { component, types, regions, tags }: Bound): boolean {
  const { components, environments } = selector
  const environment = environmentOf(tags)
  return (
    (components === null || components.includes(component)) &&
    meet(selector.types, types) &&
    meet(selector.regions, regions) &&
    (environments === null || environment === undefined || environments.includes(environment)) &&
    Object.entries(selector.tags ?? {}).every(([tag, value]) => {
      const asked = tagOf(tags, tag)
      return asked === undefined || asked === value
    })
  )
}

/** Returns the policies in service that bind an upgrade, by name. */
export function bindingOf(policies: readonly Policy[], bound: Bound): Policy[] {
  return policies.filter(({ withdrawn, document }) => !withdrawn && selects(document.selector, bound))
}

/** What is bounded over all upgrades together: those in flight at once, and those that begin in an hour. */
export const boundsOf = ['at-once', 'hour'] as const

/** Returns the id of the stream that shares out what a policy bounds. */
export function budgetOf(policy: string, per: (typeof boundsOf)[number]): string {
  return `${policy}:${per}`
}

/** A bound on all upgrades together. */
export interface Bounded {
  /** The id of the stream that shares it out. */
  readonly budget: string
  readonly policy: string
  readonly per: (typeof boundsOf)[number]
  readonly limit: number
}

/** Returns the bounds that these policies set on all upgrades together. A rollback is bound by none: what is wrong has to be taken back. */
export function budgetsOf(policies: readonly Policy[], kind: Bound['kind']): Bounded[] {
  if (kind === 'rollback') return []
  return policies.flatMap(({ name, document: { together } }) => {
    const { atOnce = null, perHour = null } = together ?? {}
    const limits = [['at-once', atOnce] as const, ['hour', perHour] as const]
    return limits.flatMap(([per, limit]) =>
      limit === null ? [] : [{ budget: budgetOf(name, per), policy: name, per, limit }],
    )
  })
}

/** Returns how many members of one upgrade these policies let be in flight at once; null: they say nothing. */
export function parallelOf(policies: readonly Policy[]): number | null {
  const limits = policies.flatMap(({ document: { parallel } }) => (parallel === null ? [] : [parallel]))
  return limits.length === 0 ? null : Math.min(...limits)
}
