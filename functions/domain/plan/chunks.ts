import { membersPerChunk } from '../../../events/plan.ts'
import type { PlanChunk } from './aggregate.ts'
import type { CandidateList } from './candidate-list.ts'

/** What the chunks of a plan hold. */
interface Planned {
  readonly component: string
  readonly candidates: CandidateList
  /** The places of its members among the candidates, in the order in which they are upgraded. */
  readonly members: Uint32Array
  /** What all of them go to; null: each has a version of its own to go back to. */
  readonly version: string | null
  /** The releases that they go back to, where each has its own. */
  readonly releases: ReadonlyMap<string, { readonly digest: string | null }> | undefined
}

/** The chunks of a plan. Each is made when it is asked for: nobody has to hold those of a million members at once. */
export class PlanChunks implements Iterable<PlanChunk> {
  readonly #planned: Planned

  constructor(planned: Planned) {
    this.#planned = planned
  }

  get length(): number {
    return Math.ceil(this.#planned.members.length / membersPerChunk)
  }

  /** Returns the chunk of a number, from 0. */
  at(chunk: number): PlanChunk {
    const { component, candidates, members, version, releases } = this.#planned
    const numbers = new Map<string, number>()
    const numberOf = (version: string): number => {
      const known = numbers.get(version)
      if (known !== undefined) return known
      numbers.set(version, numbers.size)
      return numbers.size - 1
    }
    const places = members.subarray(chunk * membersPerChunk, (chunk + 1) * membersPerChunk)
    const rows = Array.from(places, (place): [string, number, number] => {
      const { target, from, to } = candidates.at(place)
      return [target, numberOf(from ?? ''), numberOf(version ?? to ?? '')]
    })
    const versions = [...numbers.keys()]
    const digests = releases && versions.map((version) => releases.get(version)?.digest ?? null)
    return { component, versions, ...(digests && { digests }), members: rows }
  }

  *[Symbol.iterator](): Generator<PlanChunk> {
    for (let chunk = 0; chunk < this.length; chunk++) yield this.at(chunk)
  }
}
