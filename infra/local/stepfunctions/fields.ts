import { expressionIn } from './expression.ts'

/** The fields of an object in a definition, not yet known to be right. */
export type Fields = Readonly<Record<string, unknown>>
/** Says that something is wrong at a place of the definition; never returns. */
export type Refuse = (place: string, problem: string) => never

const JSON_PATH = [
  'InputPath',
  'OutputPath',
  'ResultPath',
  'ResultSelector',
  'Parameters',
  'Result',
  'ItemsPath',
  'SecondsPath',
  'TimestampPath',
  'TimeoutSecondsPath',
  'HeartbeatSecondsPath',
  'MaxConcurrencyPath',
  'ErrorPath',
  'CausePath',
  'Variable',
]

/** Refuses an Assign that is no object, reuses a variable of an outer block, or takes the name of `$states`. */
export function checkAssign(
  shaping: Fields,
  place: string,
  outer: ReadonlySet<string>,
  refuse: Refuse,
): void {
  if (shaping.Assign === undefined) return
  for (const name of Object.keys(object(shaping.Assign, `${place}, field 'Assign'`, refuse))) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,79}$/.test(name) || name === 'states') {
      refuse(place, `field 'Assign' has no valid variable name in '${name}'`)
    }
    if (outer.has(name)) refuse(place, `field 'Assign' sets '${name}', which belongs to the states around it`)
  }
}

/** Refuses fields that are not among the ones allowed, with a word for those of JSONPath. */
export function onlyFields(fields: Fields, allowed: readonly string[], place: string, refuse: Refuse): void {
  for (const field of Object.keys(fields)) {
    if (allowed.includes(field)) continue
    const isJsonPath = JSON_PATH.includes(field) || field.endsWith('.$')
    refuse(
      place,
      `field '${field}' ${isJsonPath ? 'belongs to JSONPath; only JSONata is implemented' : 'is not implemented'}`,
    )
  }
}

/** The fields of a value that has to be an object. */
export function object(value: unknown, place: string, refuse: Refuse): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(place, 'must be an object')
  // Any object that is not an array has string keys.
  return value as Fields
}

/** The items of a value that has to be a list that is not empty. */
export function list(value: unknown, place: string, refuse: Refuse): readonly unknown[] {
  return Array.isArray(value) && value.length > 0 ? value : refuse(place, 'must be a list that is not empty')
}

/** Refuses a Next or Default that names no state of the same block. */
export function target(
  name: unknown,
  field: string,
  place: string,
  siblings: ReadonlyMap<string, Fields>,
  refuse: Refuse,
): void {
  if (typeof name !== 'string' || !siblings.has(name)) {
    refuse(place, `field '${field}' must name a state beside it, not ${JSON.stringify(name)}`)
  }
}

/** Refuses a field that is there and not an integer in its range. */
export function integer(
  fields: Fields,
  field: string,
  least: number,
  most: number,
  place: string,
  refuse: Refuse,
): void {
  const value = fields[field]
  if (value === undefined || (Number.isInteger(value) && Number(value) >= least && Number(value) <= most))
    return
  refuse(place, `field '${field}' must be an integer from ${least} to ${most}`)
}

/** Refuses a field that is neither an expression nor an integer of at least `least`. */
export function numberOrExpression(
  fields: Fields,
  field: string,
  least: number,
  place: string,
  refuse: Refuse,
): void {
  if (expressionIn(fields[field]) === undefined) integer(fields, field, least, 99_999_999, place, refuse)
}

/** Refuses a field that is there and not a string. */
export function optionalString(fields: Fields, field: string, place: string, refuse: Refuse): void {
  if (fields[field] !== undefined && typeof fields[field] !== 'string')
    refuse(place, `field '${field}' must be a string`)
}

/** Refuses any query language but JSONata. */
export function checkLanguage(fields: Fields, place: string, refuse: Refuse): void {
  if (fields.QueryLanguage !== undefined && fields.QueryLanguage !== 'JSONata') {
    refuse(place, "field 'QueryLanguage' must be 'JSONata'; JSONPath is not implemented")
  }
}
