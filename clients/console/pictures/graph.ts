/** A state machine as its definition has it, as far as it is drawn. */
export interface Definition {
  readonly StartAt: string
  readonly States: Readonly<Record<string, State>>
}

interface State {
  readonly Type: string
  readonly Comment?: string
  readonly Next?: string
  readonly Default?: string
  readonly Choices?: readonly { readonly Condition?: unknown; readonly Next: string }[]
  readonly Catch?: readonly { readonly Next: string }[]
}

/** A place in a picture; `x` and `y` are its upper left corner. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A state in the picture. */
export interface Node extends Box {
  readonly name: string
  readonly lines: readonly string[]
  readonly type: string
  readonly comment: string
}

/** A way from one state to another, as the path of a line and of its tip. */
export interface Edge {
  readonly from: string
  readonly to: string
  readonly d: string
  readonly tip: string
  /** Does it lead back to a state before, or is it taken only when something went wrong? */
  readonly kind: 'on' | 'back' | 'caught'
}

export interface Graph {
  readonly width: number
  readonly height: number
  readonly nodes: readonly Node[]
  readonly edges: readonly Edge[]
}

const height = 34
const gap = { x: 64, y: 12 }
const margin = 14
/** So far a way lies above the middle of a state, and the way back below it. */
const beside = 6

/** A state that is tall has its name in lines of so many letters. */
const narrow = 14

/** Returns how wide a box has to be for so many letters of a picture. */
export function widthOf(letters: number): number {
  return Math.ceil(letters * 7.4) + 26
}

/** Returns a text in lines of so many letters; a longer word is cut into several. */
export function wrapped(text: string, letters: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.match(new RegExp(`\\S{1,${letters}}`, 'g')) ?? []) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= letters)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Returns the tip of a line that ends at a point; `towards` says where it points. */
export function tipAt(x: number, y: number, towards: 'right' | 'left' | 'up' | 'down'): string {
  const along = { right: [-7, 0], left: [7, 0], up: [0, 7], down: [0, -7] } as const
  const [dx, dy] = along[towards]
  const [sx, sy] = dx === 0 ? [4, 0] : [0, 4]
  return `M${x} ${y}L${x + dx + sx} ${y + dy + sy}L${x + dx - sx} ${y + dy - sy}z`
}

function next({ Next, Default, Choices = [] }: State): readonly string[] {
  return [
    ...new Set([
      ...(Next ? [Next] : []),
      ...Choices.map((choice) => choice.Next),
      ...(Default ? [Default] : []),
    ]),
  ]
}

/** Returns which state of a machine a move leads to, by the conditions of its choices; undefined: none does. */
export function stateOfMove({ States }: Definition, move: string): string | undefined {
  for (const { Choices = [] } of Object.values(States))
    for (const { Condition, Next } of Choices)
      if (typeof Condition === 'string' && Condition.includes(`move = '${move}'`)) return Next
  return undefined
}

/** Returns the machine without the failures that a choice has for what cannot be: nobody is ever there to see them. */
function withoutGuards({ StartAt, States }: Definition): Definition {
  const isGuard = (name: string | undefined) => name !== undefined && States[name]?.Type === 'Fail'
  const shown = Object.entries(States).flatMap(([name, { Default, ...state }]) =>
    isGuard(name) && Object.values(States).some((other) => other.Default === name)
      ? []
      : [[name, isGuard(Default) || Default === undefined ? state : { ...state, Default }] as const],
  )
  return { StartAt, States: Object.fromEntries(shown) }
}

/** Returns the states in layers: each in the one after the first from which it is reached, in the order of the definition. */
function layersOf({ StartAt, States }: Definition): readonly (readonly string[])[] {
  const layers = new Map<string, number>()
  const visit = (start: readonly string[], first: number) => {
    let names = start.filter((name) => name in States && !layers.has(name))
    for (let layer = first; names.length > 0; layer++) {
      for (const name of names) layers.set(name, layer)
      names = [...new Set(names.flatMap((name) => next(States[name] as State)))].filter(
        (name) => name in States && !layers.has(name),
      )
    }
  }
  visit([StartAt], 0)
  // Where something went wrong it is reached last, so that a way of failure makes no layer of its own.
  for (const [name, { Catch = [] }] of Object.entries(States))
    visit(
      Catch.map((caught) => caught.Next),
      (layers.get(name) ?? 0) + 1,
    )
  visit(Object.keys(States), 0)
  const rows: string[][] = []
  for (const name of Object.keys(States)) {
    const layer = layers.get(name) ?? 0
    rows[layer] = [...(rows[layer] ?? []), name]
  }
  return rows
}

interface Way {
  readonly from: string
  readonly to: string
  readonly isCaught: boolean
}

function waysOf(States: Definition['States']): readonly Way[] {
  return Object.entries(States).flatMap(([from, state]) => [
    ...next(state).map((to) => ({ from, to, isCaught: false })),
    ...(state.Catch ?? []).map(({ Next: to }) => ({ from, to, isCaught: true })),
  ])
}

/**
 * Returns a picture of a state machine, from left to right, in the order of its definition. A state that stands alone in its layer is as tall
 * as those that it leads to, or that lead to it: so the ways between them are straight, there and back.
 */
export function graphOf(definition: Definition): Graph {
  const { StartAt, States } = withoutGuards(definition)
  const layers = layersOf({ StartAt, States })
  const ways = waysOf(States)
  const most = Math.max(0, ...layers.map((names) => names.length))
  const pitch = height + gap.y
  const whole = most * pitch - gap.y
  const rowOf = new Map(
    layers.flatMap((names) => (names.length === most ? names.map((name, row) => [name, row] as const) : [])),
  )
  const heightOf = (name: string): Pick<Box, 'y' | 'height'> => {
    const rows = ways.flatMap(({ from, to }) =>
      from === name ? (rowOf.get(to) ?? []) : to === name ? (rowOf.get(from) ?? []) : [],
    )
    if (rows.length < 2) return { y: margin + (whole - height) / 2, height }
    const [first, last] = [Math.min(...rows), Math.max(...rows)]
    return { y: margin + first * pitch, height: (last - first) * pitch + height }
  }
  let x = margin
  const nodes = layers.flatMap((names) => {
    const isAlone = names.length === 1 && most > 1
    const lines = names.map((name) => (isAlone ? wrapped(name, narrow) : [name]))
    const width = widthOf(Math.max(...lines.flat().map(({ length }) => length)))
    const top = margin + (whole - (names.length * pitch - gap.y)) / 2
    const column = names.map((name, row) => ({
      ...{
        name,
        lines: lines[row] ?? [],
        type: States[name]?.Type ?? '',
        comment: States[name]?.Comment ?? '',
      },
      ...{ x, width, y: top + row * pitch, height },
      ...(isAlone && heightOf(name)),
    }))
    x += width + gap.x
    return column
  })
  const places = new Map(nodes.map((node) => [node.name, node]))
  const below = margin + whole + margin
  const edges = ways.flatMap(({ from, to, isCaught }) => {
    const [start, end] = [places.get(from), places.get(to)]
    if (start === undefined || end === undefined) return []
    const isBack = end.x <= start.x
    const isFar = nodes.some((one) => one.x > Math.min(start.x, end.x) && one.x < Math.max(start.x, end.x))
    const kind: Edge['kind'] = isCaught ? 'caught' : isBack ? 'back' : 'on'
    const line = isFar ? around(start, end, below) : between(start, end, isCaught ? 0 : beside)
    return [{ from, to, kind, ...line }]
  })
  return { width: x - gap.x + margin, height: below + margin, nodes, edges }
}

/** A line to a state in the next layer: straight, where one of the two is as tall as the other lies. */
function between(from: Box, to: Box, aside: number): Pick<Edge, 'd' | 'tip'> {
  const isBack = to.x <= from.x
  const [x1, x2] = isBack ? [from.x, to.x + to.width] : [from.x + from.width, to.x]
  const middle = ({ y, height: tall }: Box) => y + tall / 2
  const shorter = from.height <= to.height ? from : to
  const taller = shorter === from ? to : from
  const lies = middle(shorter) >= taller.y && middle(shorter) <= taller.y + taller.height
  const move = isBack ? aside : -aside
  const [y1, y2] = lies
    ? [middle(shorter) + move, middle(shorter) + move]
    : [middle(from) + move, middle(to) + move]
  const bend = (x2 - x1) / 2
  return {
    d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`,
    tip: tipAt(x2, y2, isBack ? 'left' : 'right'),
  }
}

/** A line to a state further away: under all that is between. */
function around(from: Box, to: Box, below: number): Pick<Edge, 'd' | 'tip'> {
  const [x1, x2] = [from.x + from.width / 2, to.x + to.width / 2]
  const end = to.y + to.height
  return {
    d: `M${x1} ${from.y + from.height}V${below}H${x2}V${end}`,
    tip: tipAt(x2, end, 'up'),
  }
}
