import { refuse, unknownProperty } from './errors.ts'
import { type BusEvent, instantOf, newEvent, type Origin } from './event.ts'

/** An entry of PutEvents. */
export interface Entry {
  readonly Time?: number | string
  readonly Source?: string
  readonly Resources?: readonly string[]
  readonly DetailType?: string
  readonly Detail?: string
  readonly EventBusName?: string
  readonly TraceHeader?: string
}

const maximumEntries = 10
const maximumBytes = 256 * 1024
const fields = ['Time', 'Source', 'Resources', 'DetailType', 'Detail', 'EventBusName', 'TraceHeader']

/** Returns the entries of a PutEvents. Throws an EventBridgeError when the request as a whole is refused. */
export function entriesOf(input: unknown): readonly Entry[] {
  const request = (input ?? {}) as { readonly Entries?: unknown } // every field is checked before use
  onlyKnown(request, ['Entries'], 'PutEvents')
  const entries = request.Entries
  if (!Array.isArray(entries) || entries.length < 1 || entries.length > maximumEntries)
    return refuse(
      'ValidationException',
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and ${maximumEntries}`,
    )
  for (const entry of entries) checkEntry(entry)
  const bytes = entries.reduce((sum: number, entry: Entry) => sum + sizeOf(entry), 0)
  if (bytes > maximumBytes)
    refuse(
      'ValidationException',
      `Total size of the entries in the request is over the limit of ${maximumBytes} bytes.`,
    )
  return entries
}

/** Returns the event that an entry asks for. Throws an EventBridgeError when that one is refused. */
export function eventOf(entry: Entry, origin: Origin): BusEvent {
  for (const name of ['Source', 'DetailType', 'Detail'] as const)
    if (!entry[name])
      refuse('InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`)
  const { Source = '', DetailType = '', Detail = '', Resources = [], Time } = entry
  if (Source.startsWith('aws.'))
    refuse('NotAuthorizedForSourceException', `Not authorized for the source ${Source}.`)
  const said = {
    source: Source,
    'detail-type': DetailType,
    detail: parsedDetail(Detail),
    resources: Resources,
  }
  return newEvent(said, origin, Time)
}

function checkEntry(entry: unknown): void {
  if (typeof entry !== 'object' || entry === null)
    refuse('SerializationException', 'An entry must be an object')
  onlyKnown(entry, fields, 'PutEvents entry')
  const { Resources, Time, ...texts } = entry as Entry // the fields are known, their types are checked next
  for (const [name, value] of Object.entries(texts))
    if (typeof value !== 'string') refuse('SerializationException', `${name} must be a text`)
  if (
    Resources !== undefined &&
    !(Array.isArray(Resources) && Resources.every((one) => typeof one === 'string'))
  )
    refuse('SerializationException', 'Resources must be a list of texts')
  if (Time !== undefined && instantOf(Time) === undefined)
    refuse('SerializationException', 'Time must be an instant')
}

/** The size that counts for the limit: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
function sizeOf(entry: Entry): number {
  const texts = [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])]
  const timeBytes = entry.Time === undefined ? 0 : 14
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), timeBytes)
}

function parsedDetail(detail: string): unknown {
  try {
    const value: unknown = JSON.parse(detail)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Answered below like any other text that is no object.
  }
  return refuse('MalformedDetail', 'Detail is malformed.')
}

function onlyKnown(given: object, known: readonly string[], what: string): void {
  const problem = unknownProperty(given, known, what)
  if (problem !== undefined) refuse('ValidationException', problem)
}
