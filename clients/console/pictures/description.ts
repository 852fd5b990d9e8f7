/** An operation of the API, as its description tells it. */
export interface Described {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly summary: string
  readonly tag: string
}

interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { operationId: string; summary: string; tags: readonly string[] }>>
    >
  >
}

/** Returns the operations of a description in groups, both in the order in which it has them. */
export function groupsOf({
  paths,
}: Document): readonly { readonly tag: string; readonly operations: readonly Described[] }[] {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId: id, summary, tags }]) => ({
      ...{ id, method: method.toUpperCase(), path, summary, tag: tags[0] ?? '' },
    })),
  )
  return [...Map.groupBy(all, ({ tag }) => tag)].map(([tag, operations]) => ({ tag, operations }))
}
