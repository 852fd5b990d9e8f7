const width = 28

/** One wave, or all of a run, as a line draws it. */
export interface Counts {
  readonly size: number
  readonly good: number
  readonly bad: number
  readonly out: number
}

/** Returns a bar: done, failed, left out and open parts, in characters. Whoever failed is seen, however few they are. */
export function bar({ size, good, bad, out }: Counts): string {
  const cells = (count: number) => (size === 0 ? 0 : Math.floor((count / size) * width))
  const failed = bad === 0 ? 0 : Math.max(1, cells(bad))
  const done =
    good + bad + out >= size && size > 0 ? width - failed - cells(out) : Math.min(cells(good), width - failed)
  const left = Math.min(cells(out), width - failed - done)
  return `${'█'.repeat(done)}${'×'.repeat(failed)}${'-'.repeat(left)}${'·'.repeat(width - done - failed - left)}`
}
