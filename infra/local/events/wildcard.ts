/** A wildcard read: a character, or undefined for a star. A backslash before a star or a backslash makes it a character. */
type Wildcard = readonly (string | undefined)[]

/** AWS refuses a field whose wildcards one text may be in the middle of in so many ways; measured by the example of its documentation's kind, `*:*:*:*:*:event-bus/*`. */
const tooManyWays = 10
/** More sets of places than any pattern has that AWS takes; bounds how long a hostile one is looked at. */
const mostSets = 10_000

function read(wildcard: string): Wildcard {
  return [...wildcard.matchAll(/\\([\\*])|(.)/gs)].map(([, escaped, plain]) =>
    plain === '*' ? undefined : (escaped ?? plain ?? ''),
  )
}

/** Whether a text is as a wildcard says, in linear time for any of them: after a failure only the last star is moved. */
export function wildcardMatches(wildcard: string, text: string): boolean {
  const wanted = read(wildcard)
  const isStar = (place: number) => place < wanted.length && wanted[place] === undefined
  let position = 0
  let star = -1
  let resume = 0
  for (let index = 0; index < text.length; ) {
    if (isStar(position)) {
      star = position++
      resume = index
    } else if (position < wanted.length && wanted[position] === text[index]) {
      position++
      index++
    } else if (star >= 0) {
      position = star + 1
      index = ++resume
    } else return false
  }
  return wanted.slice(position).every((rest) => rest === undefined)
}

/** Whether the wildcards of one field are more than AWS takes: a text could have matched too many of their beginnings at once. */
export function tooComplex(wildcards: readonly string[]): boolean {
  const all = wildcards.map(read)
  const characters = new Set(all.flat().filter((one) => one !== undefined))
  const closed = (places: ReadonlySet<string>): Set<string> => {
    const result = new Set<string>()
    for (const place of places) {
      const [which = 0, length = 0] = place.split(':').map(Number)
      result.add(place)
      if (length < (all[which]?.length ?? 0) && all[which]?.[length] === undefined)
        result.add(`${which}:${length + 1}`)
    }
    return result
  }
  /** The beginnings that a text has matched when it goes on by a character; undefined is one that no wildcard names. */
  const after = (places: ReadonlySet<string>, character: string | undefined): Set<string> => {
    const next = new Set<string>()
    for (const place of places) {
      const [which = 0, length = 0] = place.split(':').map(Number)
      const wildcard = all[which] ?? []
      if (length > 0 && wildcard[length - 1] === undefined) next.add(place)
      if (character !== undefined && wildcard[length] === character) next.add(`${which}:${length + 1}`)
    }
    return closed(next)
  }
  const pending = [closed(new Set(all.map((_, which) => `${which}:0`)))]
  const seen = new Set<string>()
  for (let places = pending.pop(); places !== undefined; places = pending.pop()) {
    for (const character of [...characters, undefined]) {
      const next = after(places, character)
      if (next.size >= tooManyWays) return true
      const key = [...next].sort().join()
      if (next.size === 0 || seen.has(key)) continue
      seen.add(key)
      if (seen.size > mostSets) return true
      pending.push(next)
    }
  }
  return false
}
