/** When the members of a chunk want attention. */
export interface Attention {
  /** When the earliest member admitted since the last question may have run out. */
  readonly askBy: string | null
  /** When those asked before are to be asked again. */
  readonly askAgain: string | null
  readonly retryAt: string | null
  readonly deferredAt: string | null
}

/** A chunk that wants none. */
export const noAttention: Attention = { askBy: null, askAgain: null, retryAt: null, deferredAt: null }

/** A place in a chunk, with the character of the member there. */
export type Placed = readonly [place: number, character: string]

const first = 48
const base = 36

function packed(instant: string | null): string {
  return instant === null ? '' : Date.parse(instant).toString(base)
}

function unpacked(text: string | undefined): string | null {
  return text ? new Date(Number.parseInt(text, base)).toISOString() : null
}

/** Returns some members of a chunk, in ascending order, and when they want attention, as the shortest text: three bytes a member. */
export function toSparse({ askBy, askAgain, retryAt, deferredAt }: Attention, members: readonly Placed[]) {
  const instants = [askBy, askAgain, retryAt, deferredAt].map(packed).join()
  const placed = members.map(([place, character]) => String.fromCharCode(first + place) + character)
  return `${instants};${placed.join('')}`
}

/** Returns when the members of a sparse chunk want attention. */
export function attentionOf(sparse: string): Attention {
  const [askBy, askAgain, retryAt, deferredAt] = sparse.slice(0, sparse.indexOf(';')).split(',')
  return {
    askBy: unpacked(askBy),
    askAgain: unpacked(askAgain),
    retryAt: unpacked(retryAt),
    deferredAt: unpacked(deferredAt),
  }
}

/** Yields the members that a sparse chunk names, in ascending order. */
export function* placedIn(sparse: string): Generator<Placed> {
  for (let at = sparse.indexOf(';') + 1; at < sparse.length; at += 2)
    yield [sparse.charCodeAt(at) - first, sparse.charAt(at + 1)]
}

/** Returns how many members a sparse chunk names. */
export function sizeOfSparse(sparse: string): number {
  return (sparse.length - sparse.indexOf(';') - 1) / 2
}
