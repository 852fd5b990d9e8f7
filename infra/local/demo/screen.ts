const width = 28

/** One wave as the screen draws it. */
export interface WaveBar {
  readonly size: number
  readonly succeeded: number
  readonly failed: number
  readonly skipped: number
}

/** Returns a bar: done, failed and open parts of a wave, in characters. */
export function bar({ size, succeeded, failed, skipped }: WaveBar): string {
  const cells = (count: number): number => (size === 0 ? 0 : Math.round((count / size) * width))
  const good = cells(succeeded)
  const bad = Math.min(width - good, failed === 0 ? 0 : Math.max(1, cells(failed)))
  const out = Math.min(width - good - bad, cells(skipped))
  return `${'█'.repeat(good)}${'×'.repeat(bad)}${'-'.repeat(out)}${'·'.repeat(width - good - bad - out)}`
}

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
