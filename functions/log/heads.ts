import type { Head } from '../../events/envelope.ts'
import type { CataloguePlace, HeadsDocument } from '../../events/heads.ts'
import { streamKinds } from '../../events/stream.ts'
import { categoriesOf, type Store } from './store.ts'

/** Where the streams of a log stand. */
export interface StreamHeads {
  /** Yields every listed stream in the one order of the Catalogue, after a place, or from its beginning. */
  listed(after?: CataloguePlace): AsyncIterable<CataloguePlace>
  /** Returns the last commit of a stream, read strongly; undefined: there is none. */
  of(stream: string): Promise<Head | undefined>
}

/** Documents of heads as they were kept, elsewhere than in the log. */
export interface KeptHeads {
  /** Returns the document of the highest number; undefined: there is none. */
  newest(): Promise<HeadsDocument | undefined>
  /** Returns the document of a number that is not above that of the newest. */
  numbered(number: number): Promise<HeadsDocument>
}

/** Returns where the streams of a store stand. */
export function streamHeads(store: Pick<Store, 'read' | 'list'>): StreamHeads {
  const categories = streamKinds.flatMap(categoriesOf)
  return {
    async *listed(after) {
      const begun = after === undefined ? 0 : categories.indexOf(after.category)
      if (begun < 0) throw new RangeError(`The Catalogue has no ${after?.category}.`)
      for (const category of categories.slice(begun)) {
        const start = category === after?.category ? after : undefined
        for await (const { stream, since } of store.list(category, () => {}, start))
          yield { category, stream, since }
      }
    },
    async of(stream) {
      const range = { from: 1, to: Number.MAX_SAFE_INTEGER, descending: true, limit: 1, consistent: true }
      const { commits } = await store.read({ stream, ...range })
      const [head] = commits
      return head && { commit: head.commit, hash: head.hash }
    },
  }
}
