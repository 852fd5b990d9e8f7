import type { BodyOf } from '../../../contracts/bodies.ts'

/** What a form asks for, as it was filled in. */
export type Filled = Readonly<Record<string, string>>

const listed = (text: string | undefined): string[] =>
  (text ?? '').split(/[\s,]+/).filter((one) => one !== '')

/** Returns a number that was filled in; undefined: none was, so that what is wrong is told by the API and never guessed. */
function numbered(text: string | undefined): number | undefined {
  return text === undefined || text.trim() === '' ? undefined : Number(text)
}

/** Returns the tags of `name=value, …`. */
function tagged(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [name.trim(), value.join('=').trim()]
    }),
  )
}

/** Returns an instant of a field of date and time, which is meant in UTC. */
function instantOf(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : `${text.length === 16 ? `${text}:00` : text}.000Z`
}

function given<Value>(name: string, value: Value | undefined): Readonly<Record<string, Value>> {
  return value === undefined || (Array.isArray(value) && value.length === 0) ? {} : { [name]: value }
}

/** Returns the request of a form: what was left out is left out, and has the default of the API. */
export function requestOf(filled: Filled): BodyOf<'deployUpgrade'> {
  const { component = '', version = '', strategy = 'canary' } = filled
  const ids = listed(filled.ids)
  const regions = listed(filled.regions)
  const types = listed(filled.types)
  const tags = tagged(filled.tags)
  const [start, end] = [instantOf(filled.start), instantOf(filled.end)]
  const targets = {
    ...given('ids', ids),
    ...given('regions', regions),
    ...given('types', types),
    ...(Object.keys(tags).length > 0 && { tags }),
  }
  const request = {
    ...{ component: component.trim(), version: version.trim(), strategy },
    ...(strategy === 'canary' && given('canaryPercent', numbered(filled.canaryPercent))),
    ...(strategy === 'batch' && given('batchSize', numbered(filled.batchSize))),
    ...given('parallel', numbered(filled.parallel)),
    ...given('bakeSeconds', numbered(filled.bakeSeconds)),
    ...(filled.failurePercent ? { failureThreshold: { percent: Number(filled.failurePercent) } } : {}),
    ...(filled.approvals ? { approvals: { required: Number(filled.approvals) } } : {}),
    ...(Object.keys(targets).length > 0 && { targets }),
    // With one end alone it is refused: without any, all would begin at any time.
    ...((start !== undefined || end !== undefined) && { window: { start, end } }),
    ...given('reason', filled.reason?.trim() || undefined),
  }
  return request as BodyOf<'deployUpgrade'> // the API checks it, and says what is wrong in which field
}
