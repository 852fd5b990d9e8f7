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

/** A state in the picture; `x` and `y` are its upper left corner. */
export interface Node {
  readonly name: string
  readonly type: string
  readonly comment: string
  readonly x: number
  readonly y: number
  readonly isPresent: boolean
}

/** A way from one state to another, as the path of a line. */
export interface Edge {
  readonly from: string
  readonly to: string
  readonly d: string
  /** Does it lead back to a state before, or is it taken only when something went wrong? */
  readonly kind: 'on' | 'back' | 'caught'
}

export interface Graph {
  readonly width: number
  readonly height: number
  readonly nodes: readonly Node[]
  readonly edges: readonly Edge[]
}

export const box = { width: 180, height: 36 }
const gap = { x: 56, y: 12 }

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

/**
 * Returns a picture of a state machine, from left to right: each state in the layer after the first from which it is reached, in the order
 * of its definition. Where something went wrong it is reached last, so that a way of failure makes no layer of its own.
 */
export function graphOf(definition: Definition, present: string | undefined): Graph {
  const { StartAt, States } = definition
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
  for (const [name, { Catch = [] }] of Object.entries(States))
    visit(
      Catch.map((caught) => caught.Next),
      (layers.get(name) ?? 0) + 1,
    )
  visit(Object.keys(States), 0)

  const rows = new Map<number, string[]>()
  for (const name of Object.keys(States)) {
    const layer = layers.get(name) ?? 0
    rows.set(layer, [...(rows.get(layer) ?? []), name])
  }
  const most = Math.max(0, ...[...rows.values()].map((names) => names.length))
  const pitch = box.height + gap.y
  const height = most * pitch + gap.y
  const nodes = [...rows].flatMap(([layer, names]) =>
    names.map((name, row) => ({
      ...{ name, type: States[name]?.Type ?? '', comment: States[name]?.Comment ?? '' },
      x: gap.y + layer * (box.width + gap.x),
      y: (height - names.length * pitch + gap.y) / 2 + row * pitch,
      isPresent: name === present,
    })),
  )
  const places = new Map(nodes.map((node) => [node.name, node]))
  const edges = Object.entries(States).flatMap(([from, state]) => {
    const on = next(state).map((to) => edgeOf(places.get(from), places.get(to), 'on'))
    const caught = (state.Catch ?? []).map((one) => edgeOf(places.get(from), places.get(one.Next), 'caught'))
    return [...on, ...caught].filter((edge) => edge !== undefined)
  })
  return { width: rows.size * (box.width + gap.x) - gap.x + 2 * gap.y, height, nodes, edges }
}

function edgeOf(from: Node | undefined, to: Node | undefined, kind: 'on' | 'caught'): Edge | undefined {
  if (from === undefined || to === undefined) return undefined
  const isBack = to.x <= from.x
  const [x1, y1] = [from.x + (isBack ? 0 : box.width), from.y + box.height / 2]
  const [x2, y2] = [to.x + (isBack ? box.width : 0), to.y + box.height / 2]
  const bend = Math.max(30, Math.abs(x2 - x1) / 2) * (isBack ? -1 : 1)
  const d = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
  return { from: from.name, to: to.name, d, kind: isBack && kind === 'on' ? 'back' : kind }
}
