import { type Bound, bindingOf } from '../domain/rules/binding.ts'
import type { Policy } from '../domain/rules/rules.ts'
import { rulesAggregate, upgradeRules } from '../domain/rules/rules.ts'
import type { Log } from '../log/log.ts'

/** The policies that bind an upgrade, and as which commit of their stream they were read. */
export interface Binding {
  readonly version: number
  readonly policies: readonly Policy[]
}

/** Returns the policies that bind an upgrade now, read strongly. */
export async function bindingNow(log: Log, bound: Bound): Promise<Binding> {
  const { state, commit } = await log.load(rulesAggregate, upgradeRules)
  return { version: commit, policies: bindingOf(state.policies, bound) }
}
