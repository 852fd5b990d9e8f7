/** What stands between braces, with the spaces around it: a pattern that left these out would try them in every way. */
export const slot = /\{\{([\s\S]*?)\}\}/g

/** Yields what stands between the braces of a text. */
export function* slotsIn(text: string): Generator<string> {
  for (const [, inner = ''] of text.matchAll(slot)) yield inner.trim()
}

/** Returns the parts of a template in their order: what stands as it is, and what stands between braces, with these. */
export function partsOfTemplate(
  text: string,
): readonly { readonly text: string; readonly isSlot: boolean }[] {
  const parts: { text: string; isSlot: boolean }[] = []
  let read = 0
  for (const { 0: between, index } of text.matchAll(slot)) {
    parts.push({ text: text.slice(read, index), isSlot: false }, { text: between, isSlot: true })
    read = index + between.length
  }
  return [...parts, { text: text.slice(read), isSlot: false }]
}

/** Returns what of a template stands as it is. */
export function fixedPartOf(text: string): string {
  return text.replaceAll(slot, '')
}
