/** The kinds of streams, which are the names of their aggregates. */
export const streamKinds = [
  'target',
  'upgrade',
  'plan',
  'component',
  'release',
  'trust',
  'policy',
  'rules',
  'budget',
  'profile',
  'memberships',
  'rollout',
  'procedure',
  'destinations',
  'licence',
] as const

/** Returns the name of a stream: its kind and its id. */
export function streamOf(kind: string, id: string): string {
  return `${kind}#${id}`
}

/** Returns how a commit is cited, as a cause or as what says something. */
export function refOf(stream: string, commit: number): string {
  return `${stream}@${commit}`
}

/** Returns the kind and the id in the name of a stream. An id may hold the separator. */
export function partsOf(stream: string): { readonly kind: string; readonly id: string } {
  const separator = stream.indexOf('#')
  return { kind: stream.slice(0, separator), id: stream.slice(separator + 1) }
}
