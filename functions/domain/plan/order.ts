import { createHmac } from 'node:crypto'
import type { CandidateList } from './candidate-list.ts'

/** Of each draw so many bytes are kept, as one number: two that agree in them are drawn again, and compared whole. */
const bytesKept = 6

/**
 * Sorts members, places of candidates, into the order in which they are upgraded: explicit canaries first, in the order in which they were named, critical
 * ones last, and between them every stratum (type and region) evenly spread, so that each beginning of the order resembles the whole. Inside a
 * stratum the order is HMAC(seed, target), and the seed is what is rolled out: nobody can choose it, a larger share holds a smaller one, and
 * another release meets others first (design: #order). It takes 25 bytes a candidate.
 */
export function putInOrder(
  members: Uint32Array,
  candidates: CandidateList,
  seed: string,
  canaries: readonly string[],
): void {
  const named = new Map([...new Set(canaries)].map((target, place) => [target, place]))
  const drawOf = (place: number) =>
    createHmac('sha256', seed).update(candidates.targetAt(place), 'utf8').digest()
  const ranks = new Uint8Array(candidates.length)
  const strata = new Uint32Array(candidates.length)
  const shares = new Float64Array(candidates.length)
  const draws = new Float64Array(candidates.length)
  const sizes: number[] = []
  const numbers = new Map<string, number>()
  for (const place of members) {
    const { target, type, region, critical } = candidates.at(place)
    const canary = named.get(target)
    const name = JSON.stringify([critical, canary !== undefined, type, region])
    const stratum = numbers.get(name) ?? numbers.size
    numbers.set(name, stratum)
    strata[place] = stratum
    sizes[stratum] = (sizes[stratum] ?? 0) + 1
    draws[place] = drawOf(place).readUIntBE(0, bytesKept)
    ranks[place] = critical ? 2 : canary === undefined ? 1 : 0
    shares[place] = canary ?? 0
  }
  const by = (column: { readonly [place: number]: number }, a: number, b: number) =>
    (column[a] ?? 0) - (column[b] ?? 0)
  const byDraw = (a: number, b: number) => by(draws, a, b) || Buffer.compare(drawOf(a), drawOf(b))

  members.sort((a, b) => by(strata, a, b) || byDraw(a, b))
  const seen: number[] = []
  for (const place of members) {
    const stratum = strata[place] ?? 0
    const before = seen[stratum] ?? 0
    seen[stratum] = before + 1
    if (ranks[place] !== 0) shares[place] = (before + 0.5) / (sizes[stratum] ?? 1)
  }
  members.sort((a, b) => by(ranks, a, b) || by(shares, a, b) || byDraw(a, b))
}
