/** What is told of one thing. */
interface Group<One extends Grouped> {
  readonly key: string
  readonly about: One['about']
  readonly all: readonly One[]
}

interface Grouped {
  readonly about: { readonly kind: string; readonly id: string } | null
}

/** Returns what is told in groups, one for each upgrade and rollout and one for all else, each where the newest of it stands, in the order that it has. */
export function groupsOf<One extends Grouped>(all: readonly One[]): readonly Group<One>[] {
  const groups = Map.groupBy(all, ({ about }) => (about === null ? '' : `${about.kind} ${about.id}`))
  return [...groups].map(([key, told]) => ({ key, about: told[0]?.about ?? null, all: told }))
}
