import type { Surroundings } from '../surroundings.ts'
import { cut, laidOut, printable, printableJson, wrapped } from './text.ts'

/** How a line is meant; a terminal shows it by a colour. */
export type Tone = 'plain' | 'good' | 'bad' | 'careful' | 'quiet'

const colours: Readonly<Record<Tone, string>> = {
  plain: '',
  good: '32',
  bad: '31',
  careful: '33',
  quiet: '2',
}

/** Where nobody says how wide a line may be. */
const usualWidth = 80

/**
 * Writes what a command has to say. Whatever is written is made printable here, so that no text of a user or a server
 * is obeyed by the terminal.
 */
export class Console {
  readonly #surroundings: Surroundings
  readonly #coloured: boolean
  #drawn = 0

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
    const { env, out } = surroundings
    // https://no-color.org: any value but the empty one.
    this.#coloured = out.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  }

  /** So many characters a line has. Where the output is no terminal it is 80, so that logs look the same everywhere. */
  get width(): number {
    const { out } = this.#surroundings
    return out.isTTY === true ? Math.max(40, out.columns ?? usualWidth) : usualWidth
  }

  /** Does somebody read the output as it comes, on lines of so many characters? */
  get isTerminal(): boolean {
    return this.#surroundings.out.isTTY === true
  }

  /** Can lines be drawn anew in place? */
  get isLive(): boolean {
    return this.#surroundings.out.isTTY === true && this.#surroundings.env.TERM !== 'dumb'
  }

  /** Can somebody be asked? */
  get asks(): boolean {
    return this.#surroundings.out.isTTY === true && this.#surroundings.input.isTTY === true
  }

  /** Writes a line that stays. */
  say(line = '', tone: Tone = 'plain'): void {
    this.#erase()
    this.#surroundings.out.write(`${this.#toned(printable(line), tone)}\n`)
  }

  /** Writes a text, with line breaks between its words; further lines begin below the first word after `label`. */
  tell(label: string, text: string, tone: Tone = 'plain'): void {
    const room = Math.max(20, this.width - label.length)
    for (const [place, line] of wrapped(printable(text), room).entries())
      this.say(`${place === 0 ? label : ' '.repeat(label.length)}${line}`, tone)
  }

  /** Writes a line that stays, broken between words where it is longer than the terminal is wide. */
  tellLine(line: string, tone: Tone = 'plain'): void {
    for (const part of laidOut(printable(line), this.width)) this.say(part, tone)
  }

  /** Writes a line for a person beside the output, which a script may read. */
  note(line = ''): void {
    this.#erase()
    this.#surroundings.err.write(`${printable(line)}\n`)
  }

  /** Writes a value as JSON: in lines of its own for a person, or as one line of many. */
  json(value: unknown, indent: number | undefined = 2): void {
    this.#erase()
    this.#surroundings.out.write(`${printableJson(value, indent)}\n`)
  }

  /** Draws lines in the place of those that were drawn last. Only where `isLive`. */
  draw(lines: readonly (readonly [text: string, tone: Tone])[]): void {
    this.#erase()
    // A line that the terminal breaks would count as two.
    const width = this.width - 1
    const parts = lines.flatMap(([text, tone]) =>
      laidOut(printable(text), width).map((part) => this.#toned(cut(part, width), tone)),
    )
    for (const part of parts) this.#surroundings.out.write(`${part}\n`)
    this.#drawn = parts.length
  }

  /** Leaves what was drawn where it is. */
  settle(): void {
    this.#drawn = 0
  }

  /** Asks a question that is answered by y or yes; anything else is no. */
  async ask(question: string): Promise<boolean> {
    this.#surroundings.out.write(`${printable(question)} [y/N] `)
    const { createInterface } = await import('node:readline')
    const lines = createInterface({ input: this.#surroundings.input as NodeJS.ReadableStream }) // it is a terminal: `asks`
    try {
      for await (const line of lines) return /^y(es)?$/i.test(line.trim())
      return false
    } finally {
      lines.close()
    }
  }

  #toned(text: string, tone: Tone): string {
    const colour = colours[tone]
    return this.#coloured && colour !== '' ? `\u001b[${colour}m${text}\u001b[0m` : text
  }

  #erase(): void {
    if (this.#drawn > 0) this.#surroundings.out.write(`\u001b[${this.#drawn}A\u001b[0J`)
    this.#drawn = 0
  }
}
