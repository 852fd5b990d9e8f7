/** The lowest of some sequence numbers; undefined when there are none. They are beyond what a number can hold. */
export function lowest(sequences: readonly bigint[]): bigint | undefined {
  let low = sequences[0]
  for (const one of sequences) if (low !== undefined && one < low) low = one
  return low
}

/** The higher of two sequence numbers. */
export function higher(one: bigint, other: bigint): bigint {
  if (one > other) return one
  return other
}
