/** What the order of phases is made of: their names, and the names of those that each depends on. */
export interface Ordered {
  readonly name: string
  readonly dependsOn: readonly string[]
}

/** What is wrong with an order: of which phase, and where in it. */
export interface Disorder {
  readonly phase: number
  /** Which of the names that it depends on; null: its own name. */
  readonly place: number | null
  readonly detail: string
}

/** Returns what is wrong with an order of phases: a name twice, one that is not there, or phases that wait for each other. */
export function disorderIn(phases: readonly Ordered[]): Disorder[] {
  const numbers = new Map<string, number>()
  const found: Disorder[] = []
  phases.forEach(({ name }, phase) => {
    if (numbers.has(name)) found.push({ phase, place: null, detail: `a name of its own: "${name}" is taken` })
    else numbers.set(name, phase)
  })
  phases.forEach(({ dependsOn }, phase) => {
    dependsOn.forEach((other, place) => {
      if (!numbers.has(other)) found.push({ phase, place, detail: `a phase that is there, not "${other}"` })
      else if (dependsOn.indexOf(other) < place) found.push({ phase, place, detail: `"${other}" once` })
    })
  })
  return found.length > 0 ? found : circlesIn(phases, numbers)
}

/** Phases are taken away as long as there is one that waits for none of the others: those that are left wait for each other. */
function circlesIn(phases: readonly Ordered[], numbers: ReadonlyMap<string, number>): Disorder[] {
  const left = new Map(phases.map(({ dependsOn }, phase) => [phase, dependsOn]))
  const waits = (dependsOn: readonly string[]) => dependsOn.some((name) => left.has(numbers.get(name) ?? -1))
  for (let free = true; free; ) {
    free = false
    for (const [phase, dependsOn] of left) {
      if (waits(dependsOn)) continue
      left.delete(phase)
      free = true
    }
  }
  return circleIn(phases, numbers, left)
}

/** Names one circle, from where it is closed: whoever is only behind a circle is not at fault. */
function circleIn(
  phases: readonly Ordered[],
  numbers: ReadonlyMap<string, number>,
  left: ReadonlyMap<number, readonly string[]>,
): Disorder[] {
  const [start] = left.keys()
  if (start === undefined) return []
  const way: number[] = []
  for (let phase = start; !way.includes(phase); ) {
    way.push(phase)
    const ahead = left.get(phase)?.find((name) => left.has(numbers.get(name) ?? -1))
    phase = numbers.get(ahead ?? '') ?? start
    if (way.includes(phase)) {
      const circle = [...way.slice(way.indexOf(phase)), phase].map((number) => phases[number]?.name)
      const last = way.at(-1) ?? start
      const place = phases[last]?.dependsOn.indexOf(ahead ?? '') ?? 0
      return [{ phase: last, place, detail: `no circle: ${circle.join(' waits for ')}` }]
    }
  }
  return []
}

/**
 * Returns for each of these phases which others of them have to be taken back before it: all that depend on it, through others too. `chosen` are
 * numbers of phases; what is returned are places in `chosen`.
 */
export function wayBackOrder(
  phases: readonly { readonly dependsOn: readonly number[] }[],
  chosen: readonly number[],
): number[][] {
  const reaches = (from: number, to: number, seen = new Set<number>()): boolean => {
    if (seen.has(from)) return false
    seen.add(from)
    const { dependsOn = [] } = phases[from] ?? {}
    return dependsOn.includes(to) || dependsOn.some((other) => reaches(other, to, seen))
  }
  return chosen.map((phase) =>
    chosen.flatMap((other, place) => (other !== phase && reaches(other, phase) ? [place] : [])),
  )
}
