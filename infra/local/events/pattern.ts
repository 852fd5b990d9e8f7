import { BlockList, isIP } from 'node:net'

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
const negatable = ['prefix', 'suffix', 'wildcard', 'equals-ignore-case']

type Fields = Readonly<Record<string, unknown>>

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

/** Matches in linear time for any pattern: after a failure only the last star is moved. */
function wildcardMatches(wildcard: string, text: string): boolean {
  const wanted = [...wildcard.matchAll(/\\([\\*])|(.)/gs)].map(([, escaped, plain]) => ({
    star: plain === '*',
    character: escaped ?? plain,
  }))
  let position = 0
  let star = -1
  let resume = 0
  for (let index = 0; index < text.length; ) {
    const next = wanted[position]
    if (next?.star) {
      star = position++
      resume = index
    } else if (next !== undefined && next.character === text[index]) {
      position++
      index++
    } else if (star >= 0) {
      position = star + 1
      index = ++resume
    } else return false
  }
  return wanted.slice(position).every((rest) => rest.star)
}

function cidrMatches(block: string, address: string): boolean {
  const family = isIP(address)
  const [network = '', bits] = block.split('/')
  if (family === 0 || isIP(network) !== family) return false
  const list = new BlockList()
  list.addSubnet(network, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** Throws an error that names the part of a pattern which EventBridge would refuse, and its place. */
export function checkPattern(pattern: unknown): void {
  checkFields(pattern, 'pattern')
}

function checkFields(pattern: unknown, place: string): void {
  if (!isFields(pattern)) throw new Error(`${place} must be an object, not ${JSON.stringify(pattern)}`)
  if (Object.keys(pattern).length === 0) throw new Error(`${place} is empty: name at least one field`)
  for (const [key, wanted] of Object.entries(pattern)) {
    const here = `${place}.${key}`
    if (key === '$or') {
      if (!Array.isArray(wanted) || wanted.length < 2)
        throw new Error(`${here} must be a list of two or more patterns`)
      wanted.forEach((choice, index) => {
        checkFields(choice, `${here}[${index}]`)
      })
    } else if (Array.isArray(wanted)) {
      if (wanted.length === 0) throw new Error(`${here} is an empty list, which can never match`)
      for (const alternative of wanted) checkAlternative(alternative, here)
    } else checkFields(wanted, here)
  }
}

function checkAlternative(alternative: unknown, place: string): void {
  if (Array.isArray(alternative)) throw new Error(`${place} has a list inside a list`)
  if (!isFields(alternative)) return
  const [[name, operand] = ['', undefined], ...others] = Object.entries(alternative)
  if (others.length > 0)
    throw new Error(`${place} has ${name} and ${others[0]?.[0]} in one test: use one each`)
  const here = `${place}.${name}`
  const need = (holds: boolean, wanted: string): void => {
    if (!holds) throw new Error(`${here} must be ${wanted}, not ${JSON.stringify(operand)}`)
  }
  switch (name) {
    case 'exists':
      need(typeof operand === 'boolean', 'true or false')
      break
    case 'prefix':
    case 'suffix': {
      const part = isFields(operand) ? onlyEntry(operand, 'equals-ignore-case') : operand
      need(isText(part), 'a text, or { "equals-ignore-case": text }')
      break
    }
    case 'equals-ignore-case':
      need(typeof operand === 'string', 'a text')
      break
    case 'wildcard':
      need(isWildcard(operand), 'a text without "**" whose backslashes escape * or \\')
      break
    case 'cidr':
      need(isCidr(operand), 'an address block such as 10.0.0.0/24')
      break
    case 'numeric':
      need(isNumeric(operand), 'a comparison such as [">", 0, "<=", 5]')
      break
    case 'anything-but': {
      if (!isFields(operand)) {
        const values = [operand].flat()
        const sameKind = ['string', 'number'].some((kind) => values.every((value) => typeof value === kind))
        need(values.length > 0 && sameKind, 'a text or a number, or a list of only one kind of these')
        break
      }
      const [kind, parts] = Object.entries(operand)[0] ?? ['', undefined]
      need(negatable.includes(kind) && Object.keys(operand).length === 1, `one of ${negatable.join(', ')}`)
      const fits = kind === 'wildcard' ? isWildcard : isText
      need([parts].flat().length > 0 && [parts].flat().every(fits), `${kind} of a text or of a list of texts`)
      break
    }
    default:
      throw new Error(`${here} is not a test that event patterns know`)
  }
}

function onlyEntry(fields: Fields, key: string): unknown {
  return Object.keys(fields).length === 1 ? fields[key] : undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0
}

function isWildcard(value: unknown): boolean {
  return isText(value) && /^(?:[^\\*]|\\[\\*]|\*(?!\*))+$/.test(value)
}

function isCidr(value: unknown): boolean {
  const [network = '', bits = '', ...rest] = isText(value) ? value.split('/') : []
  const longest = isIP(network) === 4 ? 32 : 128
  return isIP(network) !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= longest
}

function isNumeric(value: unknown): boolean {
  if (!Array.isArray(value)) return false
  const [first, low, second, high] = value
  const inRange = (bound: unknown): boolean => typeof bound === 'number' && Math.abs(bound) <= 5e9
  if (value.length === 2) return ['=', '<', '<=', '>', '>='].includes(first) && inRange(low)
  const opens = first === '>' || first === '>='
  const closes = second === '<' || second === '<='
  return value.length === 4 && opens && closes && inRange(low) && inRange(high) && low < high
}

function isFields(value: unknown): value is Fields {
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
