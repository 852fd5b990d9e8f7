import { sha256 } from '../../events/canonical.ts'
import type { Commit } from '../../events/envelope.ts'
import { partsOf } from '../../events/stream.ts'
import type { Finding } from './finding.ts'

/** Chunks of plans are found by the hash that the upgrade holds: no list names them. */
const unlisted: ReadonlySet<string> = new Set(['plan'])

/** The Catalogue has so many shards of each kind of stream. */
const shards = 16

function placeOf(stream: string): string {
  const { kind, id } = partsOf(stream)
  const shard = Number.parseInt(sha256(id).slice(0, 2), 16) % shards
  return `${kind}#${String(shard).padStart(2, '0')}`
}

/** Holds what a stream's commits say to the Catalogue against L2: the first names its place and when it began, no other says anything. */
export function auditListing(stream: string, commits: readonly Commit[]): Finding[] {
  for (const { commit, at, category, since } of commits) {
    const listed = commit === 1 && !unlisted.has(partsOf(stream).kind)
    const [place, began] = listed ? [placeOf(stream), at] : [undefined, undefined]
    if (category === place && since === began) continue
    const said = `It is listed under ${category ?? 'nothing'} since ${since ?? 'never'}`
    const words = `${said}, and belongs under ${place ?? 'nothing'} since ${began ?? 'never'}.`
    return [{ invariant: 'L2', stream, commit, words }]
  }
  return []
}
