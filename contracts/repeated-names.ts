/** An object or an array that is being read: the names it has had, and where it stands. */
interface Level {
  readonly names: Set<string> | null
  readonly path: string
  /** The name whose value comes next, or the place in an array. */
  at: string | number
}

const longestPath = 256

/** Returns where a string literal ends that begins at a quote: after its closing one. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

/**
 * Returns the fields that valid JSON holds twice, at most so many, each where the second one stands: whoever reads it takes the first or the
 * last, and two readers may differ. Goes over the text once.
 */
export function repeatedNames(json: string, atMost: number): string[] {
  const found: string[] = []
  const levels: Level[] = []
  let isName = false
  for (let at = 0; at < json.length && found.length < atMost; at++) {
    const level = levels.at(-1)
    switch (json[at]) {
      case '"': {
        const end = endOfString(json, at)
        if (isName && level?.names) {
          const name: string = JSON.parse(json.slice(at, end))
          level.at = name
          if (level.names.has(name)) found.push(fieldOf(level).slice(0, longestPath))
          level.names.add(name)
          isName = false
        }
        at = end - 1
        break
      }
      case '{':
        levels.push({ names: new Set(), path: level ? fieldOf(level) : '', at: '' })
        isName = true
        break
      case '[':
        levels.push({ names: null, path: level ? fieldOf(level) : '', at: 0 })
        isName = false
        break
      case '}':
      case ']':
        levels.pop()
        isName = false
        break
      case ',':
        isName = level?.names !== null
        if (level && typeof level.at === 'number') level.at++
        break
    }
  }
  return found
}

function fieldOf({ path, at }: Level): string {
  return (path === '' ? `${at}` : `${path}.${at}`).slice(0, longestPath)
}
