import type { Commit } from '../../events/envelope.ts'
import { type HeadsDocument, type HeadsStatement, signedText } from '../../events/heads.ts'
import type { SignedHeads } from '../../functions/audit/heads.ts'
import { writeHeads } from '../../functions/heads/write-heads.ts'
import { streamHeads } from '../../functions/log/heads.ts'
import { memoryStore } from '../../functions/log/memory.ts'
import { OnTheirOwn } from '../../functions/side-by-side.ts'
import { memorySigner, memoryVault } from './memory-vault.ts'

/** Documents of heads, with the key that signed them and a hand that forges more. */
export interface Written extends SignedHeads {
  readonly documents: readonly HeadsDocument[]
  /** Signs a statement with the same key. */
  sign(stated: HeadsStatement): Promise<HeadsDocument>
}

/** Returns the heads of a log as they are written every day, a few streams a document: once for each instant, over the commits until then. */
export async function documentsOf(
  commits: readonly Commit[],
  instants: readonly string[] = [
    commits
      .map(({ at }) => at)
      .sort()
      .at(-1) ?? '',
  ],
): Promise<Written> {
  const [vault, signer, store] = [memoryVault(), memorySigner(), memoryStore()]
  const inOrder = commits.toSorted((one, other) => one.at.localeCompare(other.at))
  let before = ''
  for (const instant of instants) {
    for (const commit of inOrder) if (commit.at > before && commit.at <= instant) await store.put(commit)
    before = instant
    const services = { streamHeads: streamHeads(store), vault, signer, now: () => Date.parse(instant) }
    await writeHeads(services, new OnTheirOwn(), { size: 4 })
  }
  return {
    documents: vault.documents(),
    key: signer.key,
    sign: async (stated) => ({ ...stated, signature: await signer.sign(signedText(stated)) }),
  }
}
