import { BlockList, isIP } from 'node:net'
import { wildcardMatches } from './wildcard.ts'

/** The tests that a value of an event can be put to, by AWS's names. */
const tests: Readonly<Record<string, (operand: unknown, value: unknown) => boolean>> = {
  prefix: (operand, value) => onText(operand, value, (text, part) => text.startsWith(part)),
  suffix: (operand, value) => onText(operand, value, (text, part) => text.endsWith(part)),
  'equals-ignore-case': (operand, value) =>
    typeof value === 'string' && value.toLowerCase() === String(operand).toLowerCase(),
  wildcard: (operand, value) => typeof value === 'string' && wildcardMatches(String(operand), value),
  numeric: (operand, value) => typeof value === 'number' && numericMatches(operand as unknown[], value),
  cidr: (operand, value) => typeof value === 'string' && cidrMatches(String(operand), value),
  'anything-but': (operand, value) => !excluded(operand, value),
}

/** An object of a pattern or an event. */
export type Fields = Readonly<Record<string, unknown>>

/**
 * Whether an event has what a pattern asks for, by the grammar of EventBridge (stream filters use the same one).
 * A pattern that `checkPattern` refuses has no defined answer.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function matches(pattern: unknown, event: unknown): boolean {
  return fieldsMatch(flattenedPattern(pattern), expandKeys(event))
}

// Rules keep their pattern for life, so dotted keys are worked out once for each.
const expandedPatterns = new WeakMap<object, unknown>()

function flattenedPattern(pattern: unknown): unknown {
  if (!isFields(pattern)) return pattern
  const known = expandedPatterns.get(pattern)
  if (known !== undefined) return known
  const expanded = expandKeys(pattern)
  expandedPatterns.set(pattern, expanded)
  return expanded
}

function fieldsMatch(pattern: unknown, event: unknown): boolean {
  if (!isFields(pattern)) return false
  return Object.entries(pattern).every(([key, wanted]) => {
    if (key === '$or' && Array.isArray(wanted)) return wanted.some((choice) => fieldsMatch(choice, event))
    const value = isFields(event) && Object.hasOwn(event, key) ? event[key] : undefined
    if (Array.isArray(wanted)) return leafMatches(wanted, leaves(value))
    // All fields below one key have to hold in the same element of an array.
    const elements = Array.isArray(value) && value.length > 0 ? value.flat(Number.POSITIVE_INFINITY) : [value]
    return elements.some((element) => fieldsMatch(wanted, element))
  })
}

function leafMatches(alternatives: readonly unknown[], values: readonly unknown[]): boolean {
  return alternatives.some((alternative) => {
    if (!isFields(alternative)) return values.includes(alternative)
    if ('exists' in alternative) return values.length > 0 === alternative.exists
    return Object.entries(alternative).every(([name, operand]) =>
      values.some((value) => tests[name]?.(operand, value) ?? false),
    )
  })
}

/** The plain values of a field: none when it is absent, an object or an empty array. */
function leaves(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(leaves)
  return value === undefined || isFields(value) ? [] : [value]
}

function onText(operand: unknown, value: unknown, test: (text: string, part: string) => boolean): boolean {
  if (typeof value !== 'string') return false
  if (!isFields(operand)) return test(value, String(operand))
  return test(value.toLowerCase(), String(operand['equals-ignore-case']).toLowerCase())
}

function excluded(operand: unknown, value: unknown): boolean {
  if (!isFields(operand)) return [operand].flat().includes(value)
  return Object.entries(operand).some(([name, parts]) =>
    [parts].flat().some((part) => tests[name]?.(part, value)),
  )
}

function numericMatches(conditions: readonly unknown[], value: number): boolean {
  for (let index = 0; index < conditions.length; index += 2) {
    const bound = Number(conditions[index + 1])
    const holds = {
      '=': value === bound,
      '<': value < bound,
      '<=': value <= bound,
      '>': value > bound,
      '>=': value >= bound,
    }
    if (!holds[conditions[index] as keyof typeof holds]) return false
  }
  return true
}

function cidrMatches(block: string, address: string): boolean {
  const family = isIP(address)
  const [network = '', bits] = block.split('/')
  if (family === 0 || isIP(network) !== family) return false
  const list = new BlockList()
  list.addSubnet(network, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** Whether a value is an object with fields, and no list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Rewrites `{ "a.b": … }` as `{ a: { b: … } }`, because dotted keys are paths on both sides. */
function expandKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expandKeys)
  if (!isFields(value)) return value
  // Without a prototype, so that a field called __proto__ is an ordinary one.
  const expanded: Record<string, unknown> = Object.create(null)
  for (const [key, field] of Object.entries(value)) {
    const [head = key, ...rest] = key.split('.')
    const inner = rest.length === 0 ? expandKeys(field) : expandKeys({ [rest.join('.')]: field })
    const present = expanded[head]
    expanded[head] = isFields(present) && isFields(inner) ? { ...present, ...inner } : inner
  }
  return expanded
}
