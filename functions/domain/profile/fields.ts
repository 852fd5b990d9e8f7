import { canonicalJson } from '../../../events/canonical.ts'

/** One bad field of a request: where it is, what it was, and what is allowed. */
export interface FieldProblem {
  /** As `schedule.retry_attempts`. */
  readonly field: string
  readonly value: unknown
  readonly expected: string
}

/** What tells whether a text is as it has to be. */
export interface Pattern {
  test(text: string): boolean
}

type Range = readonly [number, number]
type Members = Readonly<Record<string, unknown>>

/**
 * The members of one JSON object that is being read. A member that is missing keeps its present value, else takes its default, else
 * is a problem. A bad member is noted and read as a value that nobody gets to see, so that reading goes on to the next.
 */
export class Fields {
  readonly #members: Members
  readonly #present: Members
  readonly #path: string
  readonly #problems: FieldProblem[]
  readonly #read = new Set<string>()

  private constructor(members: Members, present: Members, path: string, problems: FieldProblem[]) {
    this.#members = members
    this.#present = present
    this.#path = path
    this.#problems = problems
  }

  /** Starts to read a value that has to be an object, on top of what is there. Problems are added to `problems`. */
  static of(input: unknown, present: object | undefined, problems: FieldProblem[]): Fields {
    if (!isObject(input)) problems.push({ field: 'body', value: input ?? null, expected: 'a JSON object' })
    return new Fields(isObject(input) ? input : {}, { ...present }, '', problems)
  }

  /** A text that matches a pattern. */
  text(name: string, pattern: Pattern, expected: string): string {
    return this.checked(name, (value) =>
      typeof value === 'string' && pattern.test(value) ? undefined : expected,
    )
  }

  /** A text that a check finds nothing wrong with; the check answers with what would be right. */
  checked(name: string, check: (value: unknown) => string | undefined): string {
    const value = this.#value(name, undefined)
    const expected = check(value)
    if (expected === undefined) return String(value)
    return this.#problem(name, value, expected, '')
  }

  /** As `checked`, of what may be null or left out. */
  nullableChecked(name: string, check: (value: unknown) => string | undefined): string | null {
    return this.#value(name, null) === null ? null : this.checked(name, check)
  }

  /** One of some words. */
  oneOf<Word extends string>(name: string, words: readonly Word[], standard: Word): Word {
    const value = this.#value(name, standard)
    return words.find((word) => word === value) ?? this.#problem(name, value, words.join(' or '), standard)
  }

  nullableText(name: string, pattern: Pattern, expected: string, standard: null): string | null {
    const value = this.#value(name, standard)
    if (value === null || (typeof value === 'string' && pattern.test(value))) return value
    return this.#problem(name, value, expected, null)
  }

  flag(name: string, standard?: boolean): boolean {
    const value = this.#value(name, standard)
    return typeof value === 'boolean' ? value : this.#problem(name, value, 'true or false', false)
  }

  whole(name: string, range: Range, standard?: number): number {
    const value = this.#value(name, standard)
    if (inRange(value, range) && Number.isInteger(value)) return value
    return this.#problem(name, value, `a whole number from ${range[0]} to ${range[1]}`, range[0])
  }

  number(name: string, range: Range, standard?: number): number {
    const value = this.#value(name, standard)
    if (inRange(value, range)) return value
    return this.#problem(name, value, `a number from ${range[0]} to ${range[1]}`, range[0])
  }

  nullableNumber(name: string, range: Range, standard: null): number | null {
    const value = this.#value(name, standard)
    if (value === null || inRange(value, range)) return value
    return this.#problem(name, value, `a number from ${range[0]} to ${range[1]}, or null for none`, null)
  }

  /** A list of so many texts that match a pattern; one that is named twice counts once. */
  texts(name: string, pattern: Pattern, what: string, size: Range, standard?: readonly string[]): string[] {
    const value = this.#value(name, standard)
    const texts = this.#list(name, value, what, size)
    for (const [place, text] of texts.entries()) {
      if (typeof text === 'string' && pattern.test(text)) continue
      this.#problem(`${name}[${place}]`, text, `one of ${size[0]} to ${size[1]} ${what}`, null)
    }
    return [...new Set(texts.filter((text) => typeof text === 'string'))]
  }

  nullableTexts(name: string, pattern: Pattern, what: string, size: Range): string[] | null {
    return this.#value(name, null) === null ? null : this.texts(name, pattern, what, size)
  }

  /** A list of {key, value}, each key once: all tags must match, and a resource has one value a key. */
  tags(name: string, most: number): { key: string; value: string }[] {
    const list = this.#list(name, this.#value(name, []), 'tags {key, value}', [0, most])
    const tags = new Map<string, string>()
    for (const [place, tag] of list.entries()) {
      const [key, value] = isObject(tag) && Object.keys(tag).length === 2 ? [tag.key, tag.value] : []
      if (
        typeof key !== 'string' ||
        typeof value !== 'string' ||
        !/^.{1,128}$/.test(key) ||
        value.length > 256
      ) {
        const expected = '{key, value}: a key of 1 to 128 characters and a value of at most 256'
        this.#problem(`${name}[${place}]`, tag, expected, null)
      } else if ((tags.get(key) ?? value) !== value) {
        this.#problem(`${name}[${place}]`, tag, `one value for the key ${key}: all tags must match`, null)
      } else {
        tags.set(key, value)
      }
    }
    return [...tags].map(([key, value]) => ({ key, value }))
  }

  /** The members of an object within this one. */
  nested(name: string): Fields {
    this.#read.add(name)
    const present = this.#present[name]
    const value = Object.hasOwn(this.#members, name) ? this.#members[name] : undefined
    const path = `${this.#path}${name}.`
    if (isObject(value)) return new Fields(value, isObject(present) ? present : {}, path, this.#problems)
    // A missing part is reported as the members that it lacks, so that all of them are named at once.
    if (value !== undefined) this.#problem(name, value, 'a JSON object', null)
    // The problem is noted; the members of what is no object are not complained about as well.
    const silent: FieldProblem[] = value === undefined ? this.#problems : []
    return new Fields({}, isObject(present) ? present : {}, path, silent)
  }

  /** A list of so many objects, each read anew: what is left out of one has its default, whatever was there before. */
  objects<Part>(name: string, what: string, size: Range, read: (fields: Fields) => Part): Part[] {
    return this.#list(name, this.#value(name, undefined), what, size).flatMap((member, place) => {
      if (isObject(member))
        return [read(new Fields(member, {}, `${this.#path}${name}[${place}].`, this.#problems))]
      return this.#problem(`${name}[${place}]`, member, 'an object', [])
    })
  }

  /** An object that may be missing or null, which removes it. */
  optional<Part>(name: string, read: (fields: Fields) => Part): Part | null {
    const value = this.#value(name, null)
    return value === null ? null : read(this.nested(name))
  }

  /** Notes every member that nobody has asked for: a misspelt field must not be ignored. */
  refuseOthers(): void {
    for (const [name, value] of Object.entries(this.#members)) {
      if (this.#read.has(name)) continue
      this.#problem(name, value, `no such field; those that exist are ${[...this.#read].join(', ')}`, null)
    }
  }

  #value(name: string, standard: unknown): unknown {
    this.#read.add(name)
    if (Object.hasOwn(this.#members, name) && this.#members[name] !== undefined) return this.#members[name]
    return Object.hasOwn(this.#present, name) ? this.#present[name] : standard
  }

  #list(name: string, value: unknown, what: string, [least, most]: Range): readonly unknown[] {
    if (Array.isArray(value) && value.length >= least && value.length <= most) return value
    return this.#problem(name, value, `a list of ${least} to ${most} ${what}`, [])
  }

  #problem<Value>(name: string, value: unknown, expected: string, readAs: Value): Value {
    this.#problems.push({ field: `${this.#path}${name}`, value: value ?? null, expected })
    return readAs
  }
}

/**
 * Returns the paths of the leaves in which two JSON objects differ, as `schedule.timezone`, sorted. Lists are leaves; so is a member
 * that is an object on one side alone.
 */
export function changedFields(before: object, after: object, path = ''): string[] {
  const [old, present]: readonly [Members, Members] = [{ ...before }, { ...after }]
  return [...new Set([...Object.keys(old), ...Object.keys(present)])].sort().flatMap((name) => {
    const [left, right] = [old[name], present[name]]
    if (isObject(left) && isObject(right)) return changedFields(left, right, `${path}${name}.`)
    return canonicalJson(left ?? null) === canonicalJson(right ?? null) ? [] : [`${path}${name}`]
  })
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function inRange(value: unknown, [least, most]: Range): value is number {
  return typeof value === 'number' && value >= least && value <= most
}
