import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js'

/**
 * What expressions of procedures may read: facts of the target, the attempt, what steps have saved, and, where a call was answered, the answer
 * (docs/procedures.md); metrics that compare read the group of targets that a call is about. The language is CEL, of which only the parts are let in that end after a number of operations bounded by the expression's length and
 * its data (ADR 0037).
 */
export type Values = Readonly<Record<Variable, unknown>>

/** What is wrong with an expression, in words. */
export class NotAnExpression extends Error {
  override readonly name = 'NotAnExpression'
}

/** An expression that cannot be evaluated with the values at hand, in words: a field is missing, or is of another type. */
export class NoValue extends Error {
  override readonly name = 'NoValue'
}

const variables = ['target', 'attempt', 'steps', 'answer', 'group'] as const
export type Variable = (typeof variables)[number]

/** Functions that end; patterns may not, and anything that makes lists grows with each nesting. */
const functions = new Set([
  'has',
  'size',
  'string',
  'int',
  'double',
  'bool',
  'contains',
  'startsWith',
  'endsWith',
  'all',
  'exists',
])
const overLists = new Set(['all', 'exists'])

const environment = new Environment({
  unlistedVariablesAreDyn: false,
  homogeneousAggregateLiterals: false,
  limits: { maxAstNodes: 200, maxDepth: 24, maxListElements: 64, maxMapEntries: 0, maxCallArguments: 4 },
})
for (const name of variables) environment.registerVariable(name, 'dyn')

/** Yields the parts of a part of an expression. */
export function* partsOf({ args }: ASTNode): Generator<ASTNode> {
  const within: readonly unknown[] = Array.isArray(args) ? args.flat() : [args]
  for (const part of within)
    if (typeof part === 'object' && part !== null && 'op' in part) yield part as ASTNode // nothing else of a part has an operator
}

const comparisons = new Set(['==', '!=', '<', '<=', '>', '>='])
const ofTexts = new Set(['contains', 'startsWith', 'endsWith'])

/** Returns which variable a path begins with, as `target` of `target.tags.name`; undefined: it is no path. */
function rootOf(node: ASTNode): string | undefined {
  if (node.op === 'id') return node.args
  if (node.op === '.') return rootOf(node.args[0])
  return node.op === '[]' && node.args[1].op === 'value' ? rootOf(node.args[0]) : undefined
}

function someOf(node: ASTNode, is: (part: ASTNode) => boolean): boolean {
  return is(node) || partsOf(node).some((part) => someOf(part, is))
}

/** What parts of an expression may be, of which the variables are known. */
class Parts {
  readonly #allowed: readonly Variable[]
  /** What a look through a list calls each of its elements; undefined: there is no look around here. */
  readonly #element: string | undefined

  constructor(allowed: readonly Variable[], element?: string) {
    this.#allowed = allowed
    this.#element = element
  }

  /** Refuses what is not let in, and what takes longer than its data is large. Throws NotAnExpression. */
  refuse(node: ASTNode): void {
    if (node.op === 'map') throw new NotAnExpression('maps cannot be made')
    if (node.op === 'call' || node.op === 'rcall') {
      const [name] = node.args
      if (!functions.has(name)) throw new NotAnExpression(`there is no function ${name}`)
      if (overLists.has(name)) {
        this.#look(node, name)
        return
      }
    }
    if (node.op === 'rcall' && node.args[0] === 'contains' && someOf(node.args[1], ({ op }) => op === '+'))
      throw new NotAnExpression('contains looks through a text that + has put together')
    if (node.op === 'id') this.#variable(node.args)
    if (this.#element !== undefined && node.op === '+')
      throw new NotAnExpression('+ stands inside of a look through a list')
    const outer = this.#outerOperandOf(node)
    for (const part of partsOf(node)) if (part !== outer) this.refuse(part)
  }

  #variable(name: string): void {
    if (name === this.#element) return
    if (!this.#allowed.some((one) => one === name))
      throw new NotAnExpression(`${name} is not known here: there are ${this.#allowed.join(', ')}`)
    if (this.#element === undefined) return
    const words = `compared with ${this.#element}, or an argument of ${[...ofTexts].join(', ')}`
    throw new NotAnExpression(`${name} stands inside of a look through a list, where it may only be ${words}`)
  }

  #look(node: Extract<ASTNode, { op: 'call' | 'rcall' }>, name: string): void {
    if (this.#element !== undefined)
      throw new NotAnExpression(`${name} stands inside of another look through a list`)
    const [, list, [variable, ...conditions]] = node.op === 'rcall' ? node.args : [undefined, undefined, []]
    if (!list || variable?.op !== 'id')
      throw new NotAnExpression(`${name} is not called as list.${name}(x, …)`)
    this.refuse(list)
    const inside = new Parts(this.#allowed, variable.args)
    for (const condition of conditions) inside.refuse(condition)
  }

  /**
   * What is the same for each element may be one side of a comparison, or an argument, and no more: the other side is then something of the element,
   * and it takes as long as that is large.
   */
  #outerOperandOf(node: ASTNode): ASTNode | undefined {
    if (this.#element === undefined) return undefined
    const isOuter = (part: ASTNode) =>
      this.#allowed.some((name) => name === rootOf(part)) && rootOf(part) !== this.#element
    if (comparisons.has(node.op)) return partsOf(node).find(isOuter)
    return node.op === 'rcall' && ofTexts.has(node.args[0]) ? node.args[2].find(isOuter) : undefined
  }
}

/** In characters. */
const longest = 512

const parsed = new Map<string, ParseResult>()
const parsedAtMost = 2000

/** Returns an expression that is well formed; it may read these variables. Throws NotAnExpression. */
export function parseExpression(text: string, allowed: readonly Variable[] = variables): ParseResult {
  if (text.length > longest) throw new NotAnExpression(`it has more than ${longest} characters`)
  const known = parsed.get(text)
  if (known && allowed.length === variables.length) return known
  let found: ParseResult
  try {
    found = environment.parse(text)
  } catch (error) {
    throw new NotAnExpression(firstLine(error))
  }
  new Parts(allowed).refuse(found.ast)
  const checked = found.check()
  if (!checked.valid) throw new NotAnExpression(firstLine(checked.error))
  if (parsed.size >= parsedAtMost) parsed.clear()
  parsed.set(text, found)
  return found
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]?.trim() ?? ''
}

/** CEL tells whole numbers from others, JSON does not: whole ones become what a 1 in an expression is. */
function whole(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(whole)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, member]) => [name, whole(member)] as const)
  return Object.assign(Object.create(null), Object.fromEntries(members))
}

/** Returns JSON for what an expression gives. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
}

/** Returns the value of an expression as JSON. Throws NotAnExpression, or NoValue where something that it names is not there. */
export function evaluate(text: string, values: Partial<Values>): unknown {
  const expression = parseExpression(text)
  try {
    const context = Object.fromEntries(variables.map((name) => [name, whole(values[name] ?? null)]))
    return plain(expression(context))
  } catch (error) {
    throw new NoValue(firstLine(error))
  }
}

/** Returns whether a condition holds. What is not there makes it false; what is no truth value is NoValue. */
export function holds(text: string, values: Partial<Values>): boolean {
  const value = evaluate(text, values)
  if (typeof value !== 'boolean') throw new NoValue(`${text} is not true or false`)
  return value
}
