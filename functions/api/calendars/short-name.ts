import { plainText } from '../../../events/words.ts'

const mostBytes = 64

/** Returns the name of a day as a definition holds it: without control characters and the like, and so short that 400 of them fit into one event. */
export function shortName(text: string): string {
  const clean = plainText(text)
  let short = ''
  let bytes = 0
  for (const character of clean) {
    bytes += Buffer.byteLength(JSON.stringify(character)) - 2
    if (bytes > mostBytes) break
    short += character
  }
  return short.trim() || 'closed'
}
