/**
 * Writes progress to a terminal: what was said stays, the status lines below it are drawn anew in place. Where the output is no
 * terminal, only lines that changed are written, so that a log stays readable.
 */
export class Screen {
  readonly #out: NodeJS.WriteStream
  #drawn: readonly string[] = []

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out
  }

  /** Writes a line that stays. */
  say(line = ''): void {
    if (!this.#out.isTTY) {
      this.#out.write(`${line}\n`)
      return
    }
    const status = this.#drawn
    this.#erase()
    this.#out.write(`${line}\n`)
    this.draw(status)
  }

  /** Draws the status lines. */
  draw(lines: readonly string[]): void {
    if (this.#out.isTTY) {
      this.#erase()
      const columns = this.#out.columns || 80
      for (const line of lines) this.#out.write(`${line.slice(0, columns - 1)}\n`)
    } else {
      const known = new Set(this.#drawn)
      for (const line of lines) if (!known.has(line)) this.#out.write(`${line}\n`)
    }
    this.#drawn = lines
  }

  /** Keeps the status lines as they are and starts below them. */
  settle(): void {
    this.#drawn = []
  }

  #erase(): void {
    if (this.#drawn.length > 0) this.#out.write(`\u001b[${this.#drawn.length}A\u001b[0J`)
    this.#drawn = []
  }
}
