/** Compares whole numbers of any length, given as digits: negative, 0 or positive. Leading zeros do not count. */
export function compareDigits(left: string, right: string): number {
  const [a, b] = [left.replace(/^0+(?=\d)/, ''), right.replace(/^0+(?=\d)/, '')]
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}
