/** The words and options that a command was given, as its declaration has read them. */
export class Given {
  readonly #words: readonly unknown[]
  readonly #options: Readonly<Record<string, unknown>>

  constructor(words: readonly unknown[], options: Readonly<Record<string, unknown>>) {
    this.#words = words
    this.#options = options
  }

  /** Returns a word by its place, from 0; an empty text where an optional one is left out. */
  word(place: number): string {
    const word = this.#words[place]
    return typeof word === 'string' ? word : ''
  }

  /** Returns the words of an argument that takes many. */
  words(place: number): readonly string[] {
    const words = this.#words[place]
    return Array.isArray(words) ? words : []
  }

  /** Returns the text of an option; undefined: it was not given. Names are in camel case. */
  text(name: string): string | undefined {
    const value = this.#options[name]
    return typeof value === 'string' ? value : undefined
  }

  /** Returns the number of an option. */
  number(name: string): number | undefined {
    const value = this.#options[name]
    return typeof value === 'number' ? value : undefined
  }

  /** Returns how many rows a list is to have at most; its declaration says how many are usual. */
  limit(): number {
    return this.number('limit') ?? 0
  }

  /** Was an option given that has no value? Undefined: neither it nor its opposite. */
  choice(name: string): boolean | undefined {
    const value = this.#options[name]
    return typeof value === 'boolean' ? value : undefined
  }

  /** Was an option given that has no value? */
  has(name: string): boolean {
    return this.#options[name] === true
  }

  /** Returns all values of an option that may be given more than once. */
  list(name: string): readonly string[] {
    const value = this.#options[name]
    return Array.isArray(value) ? value : []
  }

  /** Returns the pairs of an option that takes NAME=VALUE. */
  pairs(name: string): Readonly<Record<string, string>> {
    return Object.fromEntries(this.list(name).map((pair) => pair.split(/=(.*)/s).slice(0, 2)))
  }
}
