import type { Branch } from './store/branches.ts'
import type { Execution } from './store/executions.ts'
import type { Store } from './store/store.ts'

/** What surrounds a branch: read once for a visit. */
export interface Surroundings {
  readonly execution: Execution
  readonly machine: { readonly arn: string; readonly name: string; readonly roleArn: string }
  /** The variables of the branches around this one and its own, the innermost last. */
  readonly variables: Readonly<Record<string, unknown>>
  /** The item of the innermost Map iteration. */
  readonly item?: { readonly Index: number; readonly Value: unknown }
  readonly now: number
}

/** Reads what surrounds a branch now. */
export function surroundingsOf(branch: Branch, store: Store, roleArn: string, now: number): Surroundings {
  const execution = store.executions.find(branch.execution)
  if (execution === undefined) throw new Error(`branch ${branch.id} has no execution`)
  const { machine: arn } = execution
  const line = lineOf(branch, store)
  const iteration = line.findLast(({ item }) => item !== null)
  return {
    execution,
    machine: { arn, name: arn.slice(arn.lastIndexOf(':') + 1), roleArn },
    variables: Object.assign({}, ...line.map(({ variables }) => JSON.parse(variables))),
    now,
    ...(iteration && {
      item: { Index: iteration.position, Value: JSON.parse(iteration.item ?? 'null') },
    }),
  }
}

/** The branches around one and itself, the outermost first. */
function lineOf(branch: Branch, store: Store): Branch[] {
  const parent = branch.parent === null ? undefined : store.branches.find(branch.parent)
  return parent === undefined ? [branch] : [...lineOf(parent, store), branch]
}
