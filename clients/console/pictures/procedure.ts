import type { AnswerOf, BodyOf } from '../../../contracts/bodies.ts'
import { lasting } from '../words.ts'
import { type Box, tipAt, widthOf, wrapped } from './graph.ts'

/** A procedure as it is stored. */
export type Procedure = BodyOf<'storeProcedure'>
type Step = Procedure['steps'][number]
type Action = Omit<Step, 'inverse' | 'onFailure' | 'id'>

/** A step of an attempt, as far as it has come. */
export type ShownStep = Pick<
  AnswerOf<'getSteps'>['steps'][number],
  'step' | 'direction' | 'name' | 'status' | 'tries'
>

/** What a box of the picture stands for. */
export interface Node extends Box {
  readonly key: string
  readonly lines: readonly string[]
  /** How it is done, and how often it was tried. */
  readonly more: readonly string[]
  /** Whom it waits for is no step of its own, and an end is none. */
  readonly kind: 'step' | 'wait' | 'end'
  /** Of a step how far it is; of the rest whether the attempt has been there. */
  readonly status: ShownStep['status'] | 'reached' | null
}

/** A way between two of them: what follows, what is tried again, or what follows where it failed. */
export interface Line {
  readonly key: string
  readonly d: string
  readonly tip: string
  readonly kind: 'on' | 'again' | 'caught'
  readonly isTaken: boolean
}

export interface Ladder {
  readonly width: number
  readonly height: number
  readonly nodes: readonly Node[]
  readonly lines: readonly Line[]
}

const [nameLetters, moreLetters] = [26, 30]
const width = widthOf(nameLetters)
const lineHeight = 16
const gap = 26
const channel = 76
const loop = 40
const waitWidth = 104
/** Room for the stroke of what stands at the side. */
const edge = 4

/** Returns how an action is done, in a few words each. */
function howOf(action: Action): readonly string[] {
  const { poll, health, wait, retries, when, timeoutSeconds = 300 } = action
  const every = poll?.everySeconds ?? health?.everySeconds ?? 5
  const tries = (retries?.attempts ?? 3) + 1
  return [
    ...(when ? ['only where it is needed'] : []),
    ...(wait ? [`waits ${lasting(wait.seconds)}`] : []),
    ...(poll || health ? [`looks every ${lasting(every)}, for ${lasting(timeoutSeconds)} at most`] : []),
    ...(isTried(action) && tries > 1 ? [`${tries} tries at most`] : []),
  ]
}

/** Is it done, and not waited or looked for? */
function isTried({ poll, health, wait, acknowledge }: Action): boolean {
  return !poll && !health && !wait && !acknowledge
}

/** Returns whom an action waits for by its nature; undefined: nobody. */
function waitsFor({ acknowledge, webhook, agent }: Action): string | undefined {
  if (acknowledge) return 'a person'
  if (agent) return 'its agent'
  return webhook && webhook.callback !== false ? 'the callback' : undefined
}

/** Is it looked at, or tried, again and again? */
function repeats(action: Action): boolean {
  if (action.wait || waitsFor(action) !== undefined) return false
  return !isTried(action) || (action.retries?.attempts ?? 3) > 0
}

/** Returns how a step is undone; undefined: it is not. One of helm says how by itself. */
function inverseOf({ inverse, helm, name }: Step): Action | undefined {
  if (inverse === 'none') return undefined
  return inverse ?? (helm && { name: `${name}: roll back`, helm })
}

/** A row of the picture: a step on its way there, and how it is undone. */
interface Row {
  readonly there: { readonly id: string; readonly action: Action; readonly step: Step } | undefined
  readonly back: { readonly id: string; readonly action: Action } | undefined
}

function rowsOf({ steps, verifyWayBack = [] }: Procedure): readonly Row[] {
  const verified = verifyWayBack
    .toReversed()
    .map(({ id, ...action }) => ({ there: undefined, back: { id, action } }))
  const both = steps.map((step): Row => {
    const back = inverseOf(step)
    return { there: { id: step.id, action: step, step }, back: back && { id: step.id, action: back } }
  })
  return [...verified, ...both]
}

/**
 * Returns a picture of a procedure as its definition has it: the steps from top to bottom, and beside each how it is undone, from bottom to top.
 * Where a step fails a dashed line leads to the way back, or to where it stops. `shown` is how far an attempt is, `outcome` how it ended.
 */
export function ladderOf(procedure: Procedure, shown: readonly ShownStep[], outcome: string | null): Ladder {
  const rows = rowsOf(procedure)
  const known = new Map(shown.map((step) => [`${step.direction}:${step.step}`, step]))
  const actions = rows.flatMap(({ there, back }) => [there?.action, back?.action]).filter((one) => !!one)
  const side = actions.some((action) => waitsFor(action) !== undefined) ? waitWidth + 40 + edge : loop
  const columns = { there: side, back: side + width + channel } as const
  const nodes: Node[] = []
  const lines: Line[] = []
  const begun = (key: string) => {
    const status = known.get(key)?.status
    return status !== undefined && status !== 'waiting' && status !== 'skipped'
  }

  const boxOf = (direction: 'there' | 'back', id: string, action: Action, y: number): Node => {
    const key = `${direction}:${id}`
    const { status = null, tries = 0 } = known.get(key) ?? {}
    const more = [...howOf(action), ...(tries > 1 ? [`tried ${tries} times`] : [])]
    const [names, hows] = [
      wrapped(action.name, nameLetters),
      more.flatMap((one) => wrapped(one, moreLetters)),
    ]
    const height = (names.length + hows.length) * lineHeight + 18
    return { key, lines: names, more: hows, kind: 'step', status, x: columns[direction], y, width, height }
  }
  const endOf = (direction: 'there' | 'back', name: string, isReached: boolean, y: number): Node => ({
    ...{ key: `end:${name}`, lines: [name], more: [], kind: 'end', status: isReached ? 'reached' : null },
    ...{ x: columns[direction], y, width, height: 34 },
  })

  let y = 10
  const takenBack = endOf('back', 'Taken back', outcome === 'rolled_back', y)
  y += takenBack.height + gap
  const boxes = rows.map(({ there, back }) => {
    const pair = {
      there: there && { ...there, box: boxOf('there', there.id, there.action, y) },
      back: back && { ...back, box: boxOf('back', back.id, back.action, y) },
    }
    y += Math.max(pair.there?.box.height ?? 0, pair.back?.box.height ?? 0) + gap
    return pair
  })
  const upgraded = endOf('there', 'Upgraded', outcome === 'succeeded', y)
  const isStopped = outcome !== null && outcome !== 'succeeded' && outcome !== 'rolled_back'
  const stopped = endOf('back', 'Stopped where it is', isStopped, y)
  nodes.push(takenBack, upgraded, stopped)

  const waits = (action: Action, box: Node, isLeft: boolean) => {
    const whom = waitsFor(action)
    const middle = box.y + box.height / 2
    if (whom !== undefined) {
      const x = isLeft ? box.x - 40 - waitWidth : box.x + width + 40
      nodes.push({
        ...{ key: `wait:${box.key}`, lines: [whom], more: [], kind: 'wait' },
        status: box.status === 'held' ? 'held' : null,
        ...{ x, y: middle - 15, width: waitWidth, height: 30 },
      })
      const [near, far] = isLeft ? [box.x, x + waitWidth] : [box.x + width, x]
      const isTaken = box.status === 'held'
      lines.push(
        { key: `${box.key} waits`, kind: 'on', isTaken, ...straight(near, far, middle - 6) },
        { key: `${box.key} told`, kind: 'on', isTaken: false, ...straight(far, near, middle + 6) },
      )
    } else if (repeats(action)) {
      const [x, away] = isLeft ? [box.x, -loop] : [box.x + width, loop]
      lines.push({
        ...{ key: `${box.key} again`, kind: 'again', isTaken: (known.get(box.key)?.tries ?? 0) > 1 },
        d: `M${x} ${middle - 9}C${x + away} ${middle - 14} ${x + away} ${middle + 14} ${x} ${middle + 9}`,
        tip: tipAt(x, middle + 9, isLeft ? 'right' : 'left'),
      })
    }
  }
  let before: Node | undefined
  let above: Node = takenBack
  for (const [place, { there, back }] of boxes.entries()) {
    if (back) {
      nodes.push(back.box)
      waits(back.action, back.box, false)
      const isTaken =
        begun(back.box.key) && (above === takenBack ? outcome === 'rolled_back' : begun(above.key))
      lines.push({ key: `${back.box.key} on`, kind: 'on', isTaken, ...upwards(back.box, above) })
      above = back.box
    }
    if (!there) continue
    nodes.push(there.box)
    waits(there.action, there.box, true)
    if (before) {
      const isTaken = begun(before.key) && begun(there.box.key)
      lines.push({ key: `${before.key} on`, kind: 'on', isTaken, ...downwards(before, there.box) })
    }
    before = there.box
    const { onFailure = 'way-back' } = there.step
    if (onFailure === 'continue') continue
    // The step that failed is undone as well: who knows what of it was done?
    const undone = boxes.slice(0, place + 1).findLast((one) => one.there && one.back)?.back?.box
    const to = onFailure === 'way-back' && undone ? undone : stopped
    const isTaken =
      known.get(there.box.key)?.status === 'failed' && (to === stopped ? isStopped : begun(to.key))
    lines.push({
      key: `${there.box.key} failed`,
      kind: 'caught',
      isTaken,
      ...across(there.box, to, to === stopped),
    })
  }
  if (before)
    lines.push({
      ...{ key: 'end on', kind: 'on', isTaken: outcome === 'succeeded' },
      ...downwards(before, upgraded),
    })
  return { width: columns.back + width + side, height: y + 34 + 10, nodes, lines }
}

function straight(from: number, to: number, y: number): Pick<Line, 'd' | 'tip'> {
  return { d: `M${from} ${y}H${to}`, tip: tipAt(to, y, to > from ? 'right' : 'left') }
}

function downwards(from: Box, to: Box): Pick<Line, 'd' | 'tip'> {
  const x = from.x + width / 2
  return { d: `M${x} ${from.y + from.height}V${to.y}`, tip: tipAt(x, to.y, 'down') }
}

function upwards(from: Box, to: Box): Pick<Line, 'd' | 'tip'> {
  const x = from.x + width / 2
  return { d: `M${x} ${from.y}V${to.y + to.height}`, tip: tipAt(x, to.y + to.height, 'up') }
}

/** From a step to the way back, or to where it stops: straight beside it, else by a lane between the two. */
function across(from: Box, to: Box, isStop: boolean): Pick<Line, 'd' | 'tip'> {
  const [start, end] = [from.x + width, to.x]
  const y = from.y + 15
  const at = isStop ? to.y + to.height / 2 : to.y + 15
  const lane = start + channel / 2 + (isStop ? 14 : -8)
  const d = y === at ? `M${start} ${y}H${end}` : `M${start} ${y}H${lane}V${at}H${end}`
  return { d, tip: tipAt(end, at, 'right') }
}
