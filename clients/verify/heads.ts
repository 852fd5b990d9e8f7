import { type KeyObject, verify } from 'node:crypto'
import { type Chain, lastOf } from './chains.ts'
import { countOf, hashOf, type Json, listOf, Malformed, objectOf, readCanonical, textOf } from './json.ts'
import type { PackFile } from './parts.ts'
import type { Verdict } from './verdict.ts'

/** Holds streams against the signed heads in a pack. */
export class Heads {
  readonly #key: KeyObject | undefined
  readonly #verdict: Verdict
  /** By stream: the highest commit that a signed head names. */
  readonly covered = new Map<string, number>()
  /** By stream: the last day whose round has a signed head of it. */
  readonly seen = new Map<string, string>()
  readonly days = new Set<string>()
  documents = 0

  constructor(key: KeyObject | undefined, verdict: Verdict) {
    this.#key = key
    this.#verdict = verdict
  }

  /** Takes a document of heads; all streams that it may be about have been read. */
  take({ name, where, text }: PackFile, chains: ReadonlyMap<string, Chain>): void {
    this.documents++
    try {
      const document = objectOf(readCanonical(text), 'it')
      const signature = textOf(document, 'signature')
      const { signature: _, ...stated } = document
      const number = countOf(document, 'number')
      if (name !== `heads/${String(number).padStart(10, '0')}.json`)
        throw new Malformed(`it is number ${number}, not that of its name`)
      const signed = `drydock heads ${number} ${hashOf(stated)}`
      const bytes = Buffer.from(signature, 'base64')
      // Bits that no byte is made of could be anything otherwise.
      if (bytes.toString('base64') !== signature) throw new Malformed('its signature is no base64')
      const isSigned = this.#key !== undefined && verify(null, Buffer.from(signed), this.#key, bytes)
      if (this.#key && !isSigned) {
        this.#verdict.find('head-not-signed', where, 'It is not signed by the key that was given.')
        return
      }
      const day = textOf(document, 'day')
      if (!/^\d{4}-\d\d-\d\d$/.test(day)) throw new Malformed('day is none')
      this.days.add(day)
      for (const head of listOf(document, 'heads')) this.#hold(head, { where, day }, chains)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      this.#verdict.find('head-exchanged', where, `No document of heads is written so: ${error.message}.`)
    }
  }

  #hold(
    head: Json,
    { where, day }: { readonly where: string; readonly day: string },
    chains: ReadonlyMap<string, Chain>,
  ): void {
    const [stream, commit, hash] = Array.isArray(head) ? (head as readonly Json[]) : []
    if (typeof stream !== 'string' || typeof commit !== 'number' || typeof hash !== 'string')
      throw new Malformed('a head is none')
    const chain = chains.get(stream)
    if (!chain || commit < chain.first) return
    if (commit > lastOf(chain)) {
      this.#verdict.find(
        'stream-truncated',
        stream,
        `It ends at commit ${lastOf(chain)}, and ${where} knows commit ${commit}.`,
      )
      return
    }
    if (chain.hashes[commit - chain.first] !== hash) {
      this.#verdict.find('head-exchanged', `${stream}@${commit}`, `${where} says that its hash is another.`)
      return
    }
    if (!this.#key) return
    this.covered.set(stream, Math.max(commit, this.covered.get(stream) ?? 0))
    const seen = this.seen.get(stream) ?? ''
    this.seen.set(stream, day > seen ? day : seen)
  }
}
