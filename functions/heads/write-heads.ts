import {
  type CataloguePlace,
  type HeadsDocument,
  type HeadsStatement,
  hashOfHeads,
  signedText,
} from '../../events/heads.ts'
import { instantOf, later, minute } from '../../events/time.ts'
import { NotInTheLog } from '../errors.ts'
import type { StreamHeads } from '../log/heads.ts'
import { emitMetrics } from '../metrics.ts'
import { atOnce } from '../patience.ts'
import { OnTheirOwn } from '../side-by-side.ts'
import type { Signer } from '../signer.ts'
import type { Vault } from './vault.ts'

interface HeadsServices {
  readonly streamHeads: StreamHeads
  readonly vault: Vault
  readonly signer: Signer
  now(): number
}

/** What one invocation did. */
export interface HeadsReport {
  /** The day whose round is the newest. */
  readonly day: string
  /** Is today's round over all streams complete? */
  readonly whole: boolean
  readonly documents: number
  readonly heads: number
}

/** A document of so many heads has about a megabyte; with the longest names there are, ten. */
const headsInOne = 5000
/** So long an invocation goes on, in milliseconds: the next takes over where the last document ends. */
const patience = 10 * minute

/** Takes up to so many places; `over` when there are no more. */
async function take(places: AsyncIterator<CataloguePlace>, count: number) {
  const taken: CataloguePlace[] = []
  while (taken.length < count) {
    const next = await places.next()
    if (next.done === true) return { taken, over: true }
    taken.push(next.value)
  }
  return { taken, over: false }
}

function isWhole(newest: HeadsDocument | undefined, today: string): boolean {
  // A day ahead of today is a clock that was wrong, and no reason to wait for it.
  return newest !== undefined && newest.through === null && newest.day === today
}

/**
 * Writes where all streams stand, once a day, in signed documents each of which follows from the one before. What it needs to know is in the
 * newest of them: killed at any point, or out of time, the next invocation goes on there. Of two at a time one writes each document.
 * A stream that cannot be read keeps no other from being written; `each` has it by its name.
 */
export async function writeHeads(
  { streamHeads, vault, signer, now }: HeadsServices,
  each: OnTheirOwn,
  { size = headsInOne, forSoLong = patience } = {},
): Promise<HeadsReport> {
  const began = now()
  const today = instantOf(began).slice(0, 10)
  let newest = await vault.newest()
  let [documents, heads] = [0, 0]
  let places: AsyncIterator<CataloguePlace> | undefined
  while (!isWhole(newest, today) && now() - began < forSoLong) {
    const through: CataloguePlace | null = newest?.through ?? null
    places ??= streamHeads.listed(through ?? undefined)[Symbol.asyncIterator]()
    const { taken, over } = await take(places, size)
    const found = new Map<string, HeadsStatement['heads'][number]>()
    const read = async ({ stream }: CataloguePlace) => {
      const head = await streamHeads.of(stream)
      if (!head) throw new NotInTheLog(`${stream}, which the Catalogue lists,`)
      found.set(stream, [stream, head.commit, head.hash])
    }
    await each.each(taken, atOnce.streams, read, ({ stream }) => stream)
    const stated: HeadsStatement = {
      number: (newest?.number ?? 0) + 1,
      previous: newest ? hashOfHeads(newest) : '',
      day: newest && through ? newest.day : today,
      at: later(instantOf(now()), newest?.at ?? ''),
      through: over ? null : (taken.at(-1) ?? null),
      heads: taken.map(({ stream }) => found.get(stream)).filter((head) => head !== undefined),
    }
    const document = { ...stated, signature: await signer.sign(signedText(stated)) }
    // Another invocation was faster: it goes on, and does all that is to be done.
    if ((await vault.keep(document)) === 'taken') break
    newest = document
    documents++
    heads += document.heads.length
    if (over) places = undefined
  }
  return { day: newest?.day ?? today, whole: isWhole(newest, today), documents, heads }
}

/** Does so, tells the metrics whether the day's round is complete, and throws SomeFailed where streams could not be read. */
export async function writeDailyHeads(services: HeadsServices): Promise<HeadsReport> {
  const each = new OnTheirOwn()
  const report = await writeHeads(services, each)
  emitMetrics(services.now(), { HeadsOverdue: report.whole ? 0 : 1 }, { day: report.day })
  if (report.documents > 0) console.log(report)
  each.end()
  return report
}
