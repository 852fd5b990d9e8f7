import { NotACalendar } from './refusal.ts'

/** One content line (RFC 5545 §3.1). Names are in upper case; a value is as it was written. */
export interface Property {
  readonly name: string
  /** The first value of each parameter, by its name in upper case. */
  readonly parameters: ReadonlyMap<string, string>
  readonly value: string
  /** Where it stands, from 1. */
  readonly line: number
}

/** What stands between BEGIN and END. */
export interface Component {
  readonly name: string
  readonly properties: readonly Property[]
  readonly components: readonly Component[]
  readonly line: number
}

interface Open extends Component {
  readonly properties: Property[]
  readonly components: Component[]
}

const nameForm = /^[A-Za-z0-9-]+$/

/** Lines as they were before they were folded, with the number of their first part. */
function* unfolded(text: string): Generator<{ readonly text: string; readonly line: number }> {
  let whole = ''
  let first = 0
  let line = 0
  for (const part of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    line += 1
    if (first > 0 && /^[ \t]/.test(part)) whole += part.slice(1)
    else {
      if (whole.trim() !== '') yield { text: whole, line: first }
      whole = part
      first = line
    }
  }
  if (whole.trim() !== '') yield { text: whole, line: first }
}

/** Reads one line: `NAME;PARAMETER=value,"value":VALUE`. */
function propertyOf(text: string, line: number): Property {
  const wrong = (expected: string) => new NotACalendar(`line ${line} is ${expected}`)
  const end = text.search(/[;:]/)
  const name = text.slice(0, Math.max(end, 0))
  if (!nameForm.test(name)) throw wrong('no property NAME:value')
  const parameters = new Map<string, string>()
  let place = end
  while (text[place] === ';') {
    const equals = text.indexOf('=', place)
    const parameter = text.slice(place + 1, equals < 0 ? undefined : equals).toUpperCase()
    if (equals < 0 || !nameForm.test(parameter)) throw wrong('without a value for one of its parameters')
    place = equals
    do {
      const begin = place + 1
      const quoted = text[begin] === '"'
      const closing = quoted ? text.indexOf('"', begin + 1) : -1
      if (quoted && closing < 0) throw wrong('without the closing quotation mark of a parameter')
      const value = quoted ? text.slice(begin + 1, closing) : plainValueAt(text, begin)
      place = quoted ? closing + 1 : begin + value.length
      if (!parameters.has(parameter)) parameters.set(parameter, value)
    } while (text[place] === ',')
  }
  if (text[place] !== ':') throw wrong('without a colon before its value')
  return { name: name.toUpperCase(), parameters, value: text.slice(place + 1), line }
}

function plainValueAt(text: string, begin: number): string {
  let end = begin
  while (end < text.length && !',;:"'.includes(text[end] ?? '')) end += 1
  return text.slice(begin, end)
}

/** Returns the calendars of a text, which may be several (RFC 5545 §3.4). Throws NotACalendar. */
export function calendarsOf(text: string): Component[] {
  const calendars: Component[] = []
  const open: Open[] = []
  for (const { text: content, line } of unfolded(text)) {
    const property = propertyOf(content, line)
    const value = property.value.trim().toUpperCase()
    const inner = open.at(-1)
    if (property.name === 'BEGIN') {
      if (!inner && value !== 'VCALENDAR') throw new NotACalendar(`line ${line} begins no VCALENDAR`)
      const component = { name: value, properties: [], components: [], line }
      ;(inner?.components ?? calendars).push(component)
      open.push(component)
    } else if (property.name === 'END') {
      if (inner?.name !== value)
        throw new NotACalendar(`END:${value} in line ${line} ends nothing that has begun`)
      open.pop()
    } else if (inner) inner.properties.push(property)
    else throw new NotACalendar(`line ${line} stands outside of BEGIN:VCALENDAR and END:VCALENDAR`)
  }
  const unclosed = open.at(-1)
  if (unclosed) throw new NotACalendar(`the ${unclosed.name} of line ${unclosed.line} has no END`)
  if (calendars.length === 0) throw new NotACalendar('it holds no BEGIN:VCALENDAR')
  return calendars
}

/** Returns all properties of a name. */
export function allOf({ properties }: Component, name: string): Property[] {
  return properties.filter((property) => property.name === name)
}

/** Returns the one property of a name; undefined when there is none. Throws NotACalendar when there are several. */
export function oneOf(component: Component, name: string): Property | undefined {
  const [first, second] = allOf(component, name)
  if (second) {
    throw new NotACalendar(`${name} stands twice in one ${component.name}, again in line ${second.line}`)
  }
  return first
}

/** Returns a value of text as it was meant (RFC 5545 §3.3.11). */
export function textOf({ value }: Property): string {
  return value.replace(/\\([\\;,nN])/g, (_, escaped: string) => (/n/i.test(escaped) ? '\n' : escaped))
}
