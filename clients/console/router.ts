/** Where somebody is in the console: the parts of the path behind `#/`, and what is chosen there. */
export interface Place {
  readonly parts: readonly string[]
  readonly chosen: URLSearchParams
}

/** Reads a place from the fragment of an address. A part that cannot be decoded is left as it is. */
export function placeOf(fragment: string): Place {
  const [path = '', search = ''] = fragment.replace(/^#?\/?/, '').split('?')
  return { parts: path.split('/').filter(Boolean).map(decoded), chosen: new URLSearchParams(search) }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Returns the fragment of a place: each part is one, whatever is in it. */
export function to(parts: readonly string[], chosen: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value !== ''))
  return `#/${parts.map(encodeURIComponent).join('/')}${search.size > 0 ? `?${search}` : ''}`
}
