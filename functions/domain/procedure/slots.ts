/** What stands between braces, with the spaces around it: a pattern that left these out would try them in every way. */
const slot = /\{\{([\s\S]*?)\}\}/g

/** Returns the end of the last slot that a text can hold: behind it the pattern would look from each brace to the end, again and again. */
const endOfSlots = (text: string) => text.lastIndexOf('}}') + 2

/** Returns the slots of a text with the braces, what stands between them, and where. */
export function matchSlots(text: string): IterableIterator<RegExpExecArray> {
  return text.slice(0, endOfSlots(text)).matchAll(slot)
}

/** Returns a text with something else in place of each slot, by the slot with its braces and by what stands between them. */
export function replaceSlots(text: string, other: (whole: string, inner: string) => string): string {
  const end = endOfSlots(text)
  return text.slice(0, end).replaceAll(slot, other) + text.slice(end)
}

/** Yields what stands between the braces of a text. */
export function* slotsIn(text: string): Generator<string> {
  for (const [, inner = ''] of matchSlots(text)) yield inner.trim()
}

/** Returns the parts of a template in their order: what stands as it is, and what stands between braces, with these. */
export function partsOfTemplate(
  text: string,
): readonly { readonly text: string; readonly isSlot: boolean }[] {
  const parts: { text: string; isSlot: boolean }[] = []
  let read = 0
  for (const { 0: between, index } of matchSlots(text)) {
    parts.push({ text: text.slice(read, index), isSlot: false }, { text: between, isSlot: true })
    read = index + between.length
  }
  return [...parts, { text: text.slice(read), isSlot: false }]
}

/** Returns what of a template stands as it is. */
export function fixedPartOf(text: string): string {
  return replaceSlots(text, () => '')
}
