/** Returns a text that is no longer than so many characters, cut between two of them and shown to be so. */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text
  // Half of a pair of surrogates is no character.
  return `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
