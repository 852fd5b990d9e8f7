const manner = /^-([A-Za-z]{2,})(?::(.*))?$/s

/** Is any word written in the manner of PowerShell? */
export function looksLikePowerShell(words: readonly string[]): boolean {
  return words.some((word) => manner.test(word))
}

/**
 * Returns words that are written in the manner of PowerShell as this program has them: `-CanaryPercent 10` becomes
 * `--canary-percent 10`, whichever letters are capital, `-Watch:x` becomes `--watch=x`. Others stay as they are.
 *
 * @param names the long options that there are, without their hyphens
 */
export function withoutPowerShell(words: readonly string[], names: ReadonlySet<string>): string[] {
  const byLetters = new Map([...names].map((name) => [name.replaceAll('-', ''), name]))
  const end = words.indexOf('--')
  return words.map((word, place) => {
    const [, letters = '', value] = manner.exec(word) ?? []
    const name = byLetters.get(letters.toLowerCase())
    if (name === undefined || (end >= 0 && place > end)) return word
    return value === undefined ? `--${name}` : `--${name}=${value}`
  })
}
