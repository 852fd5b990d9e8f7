import type { Told } from '../answers.ts'

/** A phase, as far as its place in the picture goes. */
export interface Phase {
  readonly name: string
  readonly dependsOn: readonly string[]
}

/** Returns the phases in columns: each in the one after the last that it waits for. A circle, which no plan has, ends the last column. */
export function columnsOf<One extends Phase>(phases: readonly One[]): readonly (readonly One[])[] {
  const columns: One[][] = []
  const placed = new Set<string>()
  let rest = [...phases]
  while (rest.length > 0) {
    const next = rest.filter(({ dependsOn }) => dependsOn.every((name) => placed.has(name)))
    const column = next.length > 0 ? next : rest
    columns.push(column)
    for (const { name } of column) placed.add(name)
    rest = rest.filter((phase) => !column.includes(phase))
  }
  return columns
}

/** What was planned for a phase, as its story tells it. */
export interface PhasePlan {
  readonly name: string
  readonly component: string
  readonly version: string
  readonly digest: string | null
  /** How many its plan leaves out, by reason. */
  readonly leftOut: Readonly<Record<string, number>>
}

/** The events that tell it, as far as they are read. */
interface Declared {
  readonly phase: number
  readonly declaration: {
    readonly name: string
    readonly does:
      | { readonly kind: 'deploy'; readonly request: { readonly component: string } }
      | { readonly kind: 'rollback' }
  }
}
interface Planned {
  readonly phase: number
  readonly plan: Pick<PhasePlan, 'version' | 'digest' | 'leftOut'>
}

/** Returns the plans of the phases that bring a release, by the story of their rollout; what is taken back is planned as it begins. */
export function phasePlansOf(story: readonly Told[]): readonly PhasePlan[] {
  const declared = new Map<number, { readonly name: string; readonly component: string }>()
  return story.flatMap(({ type, data }) => {
    if (type === 'PhaseDeclared') {
      const { phase, declaration } = data as unknown as Declared // its event, as the log has it
      const { name, does } = declaration
      if (does.kind === 'deploy') declared.set(phase, { name, component: does.request.component })
    }
    if (type !== 'PhasePlanned') return []
    const { phase, plan } = data as unknown as Planned // as above
    const known = declared.get(phase)
    return known ? [{ ...known, version: plan.version, digest: plan.digest, leftOut: plan.leftOut }] : []
  })
}
