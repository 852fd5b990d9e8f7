/**
 * Returns the number of a wave as people and the API count them, in answers and in sentences alike: from 1, and 0 before the first has
 * begun. The log, its rows and the plan count from 0 and have -1 there.
 */
export function waveNumber(index: number): number {
  return index + 1
}
