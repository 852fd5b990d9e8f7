import type { Head } from '../../events/envelope.ts'
import { followHeads, type HeadsDocument, type HeadsKey } from '../../events/heads.ts'
import { between, day } from '../../events/time.ts'
import type { Finding } from './finding.ts'

/** Documents of heads as somebody kept them, in the order of their numbers, and the key that they have to be signed with. */
export interface SignedHeads {
  readonly documents: AsyncIterable<HeadsDocument> | Iterable<HeadsDocument>
  readonly key: HeadsKey
}

/** What documents of heads say. */
export interface ReadHeads {
  /** By stream, the oldest first; what is not to be believed is left out. */
  readonly heads: Map<string, Head[]>
  /** The last document that is to be believed. */
  readonly last: Pick<HeadsDocument, 'number' | 'day'> | undefined
}

/** The name under which findings about documents stand, with the number of the document in place of the commit. */
const ofDocuments = 'heads'

/** So far a log may go on after the beginning of the day of its last heads: they are written every day. */
const fresh = 2 * day

/** Holds documents of heads against L3: all are there, each signed and following from the one before. Returns the heads in them. */
export async function auditDocuments(
  { documents, key }: SignedHeads,
  findings: Finding[],
): Promise<ReadHeads> {
  const heads = new Map<string, Head[]>()
  const follow = followHeads(key)
  let last: ReadHeads['last']
  for await (const document of documents) {
    const faults = follow(document)
    for (const { number, why } of faults) {
      const words = `Document ${number} of the heads ${why}.`
      findings.push({ invariant: 'L3', stream: ofDocuments, commit: number, words })
    }
    if (faults.some(({ number }) => number === document.number)) continue
    last = { number: document.number, day: document.day }
    for (const [stream, commit, hash] of document.heads) {
      const known = heads.get(stream)
      const before = known?.at(-1)
      if (!known) heads.set(stream, [{ commit, hash }])
      // Most streams stand where they stood the day before.
      else if (before?.commit !== commit || before.hash !== hash) known.push({ commit, hash })
    }
  }
  return { heads, last }
}

/** Notes a finding where the log has gone on for days after its last heads: the end of a chain of documents can be cut off, too. */
export function auditFreshness({ last }: ReadHeads, latest: string, findings: Finding[]): void {
  if (latest === '' || (last && between(`${last.day}T00:00:00.000Z`, latest) <= fresh)) return
  const commit = (last?.number ?? 0) + 1
  const ends = last ? `end on ${last.day}` : 'are none'
  const words = `The heads ${ends}, and the log goes on to ${latest}: later ones are missing, or were not written.`
  findings.push({ invariant: 'L3', stream: ofDocuments, commit, words })
}
