import type { Candidate } from './candidate.ts'

/** A candidate as a plan sees it: what only the selection and the readiness ask of a target is not kept. */
export type ListedCandidate = Omit<Candidate, 'tags' | 'gateway' | 'withoutAgent'>

const begun = 1024

type Numbers = Uint8Array | Uint16Array | Uint32Array

/** Returns an array with room for so many numbers, none of which is larger than `most`. */
function numbersUpTo(most: number, length: number): Numbers {
  if (most <= 0xff) return new Uint8Array(length)
  return most <= 0xffff ? new Uint16Array(length) : new Uint32Array(length)
}

/** One field of many candidates: few of its values are different, so each is kept once, and of a candidate only which of them it has. */
class Column<Value> {
  readonly #numbers = new Map<Value, number>()
  readonly #values: Value[] = []
  #places: Numbers = new Uint8Array(begun)

  set(place: number, value: Value): void {
    const number = this.#numberOf(value)
    const fits = place < this.#places.length
    if (!fits || number >= 2 ** (8 * this.#places.BYTES_PER_ELEMENT)) {
      const wider = numbersUpTo(this.#values.length, this.#places.length * (fits ? 1 : 2))
      wider.set(this.#places)
      this.#places = wider
    }
    this.#places[place] = number
  }

  #numberOf(value: Value): number {
    const known = this.#numbers.get(value)
    if (known !== undefined) return known
    this.#numbers.set(value, this.#values.length)
    return this.#values.push(value) - 1
  }

  at(place: number): Value {
    return this.#values[this.#places[place] ?? 0] as Value // a place that was set has the number of a value
  }

  /** Every value that occurs, once. */
  get values(): readonly Value[] {
    return this.#values
  }
}

/**
 * Candidates by their place, in the order in which they were added. A fleet of a million has few types, regions and versions: a candidate takes its name
 * and some numbers here, a tenth of what an object takes, so that planning a million stays within the memory of a function.
 */
export class CandidateList implements Iterable<ListedCandidate> {
  readonly #targets: string[] = []
  readonly #types = new Column<string>()
  readonly #regions = new Column<string | null>()
  readonly #criticals = new Column<boolean>()
  readonly #from = new Column<string | null>()
  readonly #to = new Column<string | null>()
  readonly #active = new Column<string | null>()
  readonly #pinned = new Column<boolean>()
  readonly #retired = new Column<boolean>()
  readonly #notReady = new Column<boolean>()
  readonly #environments = new Column<string | null>()
  readonly #licences = new Column<string | null>()
  readonly #hours = new Column<number | undefined>()
  readonly #groups = new Column<string | null | undefined>()
  readonly #excluded = new Column<ListedCandidate['excluded']>()

  /** Returns a list of these candidates. */
  static of(candidates: Iterable<ListedCandidate>): CandidateList {
    if (candidates instanceof CandidateList) return candidates
    const list = new CandidateList()
    for (const candidate of candidates) list.add(candidate)
    return list
  }

  get length(): number {
    return this.#targets.length
  }

  add(candidate: ListedCandidate): void {
    const place = this.#targets.push(candidate.target) - 1
    this.#types.set(place, candidate.type)
    this.#regions.set(place, candidate.region)
    this.#criticals.set(place, candidate.critical)
    this.#from.set(place, candidate.from)
    this.#to.set(place, candidate.to ?? null)
    this.#active.set(place, candidate.active)
    this.#pinned.set(place, candidate.pinned)
    this.#retired.set(place, candidate.retired)
    this.#notReady.set(place, candidate.notReady ?? false)
    this.#environments.set(place, candidate.environment ?? null)
    this.#licences.set(place, candidate.licence ?? null)
    this.#hours.set(place, candidate.hours)
    this.#groups.set(place, candidate.group)
    this.#excluded.set(place, candidate.excluded)
  }

  /** Returns the candidate at a place. Throws a RangeError where there is none. */
  at(place: number): ListedCandidate {
    const hours = this.#hours.at(place)
    const group = this.#groups.at(place)
    const excluded = this.#excluded.at(place)
    return {
      target: this.targetAt(place),
      type: this.#types.at(place),
      region: this.#regions.at(place),
      critical: this.#criticals.at(place),
      from: this.#from.at(place),
      to: this.#to.at(place),
      active: this.#active.at(place),
      pinned: this.#pinned.at(place),
      retired: this.#retired.at(place),
      notReady: this.#notReady.at(place),
      environment: this.#environments.at(place),
      licence: this.#licences.at(place),
      ...(hours !== undefined && { hours }),
      ...(group !== undefined && { group }),
      ...(excluded !== undefined && { excluded }),
    }
  }

  /** Returns the name of the candidate at a place. Throws a RangeError where there is none. */
  targetAt(place: number): string {
    const target = this.#targets[place]
    if (target === undefined) throw new RangeError(`There is no candidate ${place} among ${this.length}.`)
    return target
  }

  /** Returns how many hours of the window a candidate has; undefined: all of them. */
  hoursAt(place: number): number | undefined {
    return this.#hours.at(place)
  }

  /** Returns the value by which a candidate is put into a group; null: it has none; undefined: nobody asked. */
  groupAt(place: number): string | null | undefined {
    return this.#groups.at(place)
  }

  /** Do all of them have the whole window? */
  get haveAllHours(): boolean {
    return this.#hours.values.every((hours) => hours === undefined)
  }

  /** The versions that candidates run, each once. */
  get versionsFrom(): readonly string[] {
    return this.#from.values.flatMap((version) => version ?? [])
  }

  /** The versions that rollbacks take them to, each once. */
  get versionsTo(): readonly string[] {
    return this.#to.values.flatMap((version) => version ?? [])
  }

  /** The licences that candidates have, each once. */
  get licences(): readonly string[] {
    return this.#licences.values.flatMap((licence) => licence ?? [])
  }

  *[Symbol.iterator](): Generator<ListedCandidate> {
    for (let place = 0; place < this.length; place++) yield this.at(place)
  }
}
