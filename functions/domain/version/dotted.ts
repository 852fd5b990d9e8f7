import { compareDigits } from './digits.ts'

const pattern = /^[vV]?(\d+(?:\.\d+)*)(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/

/** Returns the numbers of a dotted version as they are written, or undefined when the text is none: 10.0.19045.4291, 24.04. */
export function parseDotted(text: string): readonly string[] | undefined {
  const match = text.length <= 128 ? pattern.exec(text) : null
  return match?.[1]?.split('.')
}

/** Compares dotted versions number by number; where one ends first, it is the older. 24.04 and 24.4 rank alike. */
export function compareDotted(left: readonly string[], right: readonly string[]): number {
  const length = Math.max(left.length, right.length)
  for (let place = 0; place < length; place++) {
    const [a, b] = [left[place], right[place]]
    if (a === undefined || b === undefined) return a === undefined ? -1 : 1
    const order = compareDigits(a, b)
    if (order !== 0) return order
  }
  return 0
}
