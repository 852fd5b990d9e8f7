import { isIP } from 'node:net'
import { type Fields, isFields } from './pattern.ts'
import { tooComplex } from './wildcard.ts'

const negatable = ['prefix', 'suffix', 'wildcard', 'equals-ignore-case']

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
      if (tooComplex(wanted.flatMap(wildcardsOf)))
        throw new Error(
          `${here} is too complex: use fewer stars, or fewer texts that come again after a star`,
        )
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
      need(typeof part === 'string', 'a text, or { "equals-ignore-case": text }')
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
      const fits = { wildcard: isWildcard, 'equals-ignore-case': isText }[kind] ?? isFilledText
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
  return typeof value === 'string'
}

/** Nothing would be left that does not begin or end with an empty text. */
function isFilledText(value: unknown): boolean {
  return isText(value) && value.length > 0
}

function isWildcard(value: unknown): boolean {
  return isText(value) && /^(?:[^\\*]|\\[\\*]|\*(?!\*))*$/.test(value)
}

/** The wildcards of an alternative that was checked. */
function wildcardsOf(alternative: unknown): string[] {
  if (!isFields(alternative)) return []
  const negated = alternative['anything-but']
  const { wildcard } = isFields(negated) ? negated : alternative
  return wildcard === undefined ? [] : [wildcard].flat().map(String)
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
