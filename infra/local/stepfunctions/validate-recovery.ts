import { checkAssign, type Fields, integer, list, object, onlyFields, type Refuse, target } from './fields.ts'

/**
 * Refuses a Retry or Catch that is wrong.
 * Source of the ranges: Visit Functions Developer Guide, "Handling errors in Step Functions workflows".
 */
export function validateRecovery(
  state: Fields,
  place: string,
  siblings: ReadonlyMap<string, Fields>,
  outer: ReadonlySet<string>,
  refuse: Refuse,
): void {
  for (const [at, retrier] of entries(state, 'Retry', place, refuse)) {
    const allowed = ['IntervalSeconds', 'MaxAttempts', 'BackoffRate', 'MaxDelaySeconds', 'JitterStrategy']
    onlyFields(retrier, ['ErrorEquals', 'Comment', ...allowed], at, refuse)
    integer(retrier, 'IntervalSeconds', 1, 99_999_999, at, refuse)
    integer(retrier, 'MaxAttempts', 0, 99_999_999, at, refuse)
    integer(retrier, 'MaxDelaySeconds', 1, 31_622_400, at, refuse)
    const { BackoffRate, JitterStrategy } = retrier
    if (BackoffRate !== undefined && !(typeof BackoffRate === 'number' && BackoffRate >= 1)) {
      refuse(at, "field 'BackoffRate' must be a number of at least 1")
    }
    if (JitterStrategy !== undefined && JitterStrategy !== 'FULL' && JitterStrategy !== 'NONE') {
      refuse(at, "field 'JitterStrategy' must be 'FULL' or 'NONE'")
    }
  }
  for (const [at, catcher] of entries(state, 'Catch', place, refuse)) {
    onlyFields(catcher, ['ErrorEquals', 'Next', 'Assign', 'Output', 'Comment'], at, refuse)
    target(catcher.Next, 'Next', at, siblings, refuse)
    checkAssign(catcher, at, outer, refuse)
  }
}

/** The entries of a Retry or Catch with their places; each has to name errors, States.ALL alone and last. */
function entries(state: Fields, field: 'Retry' | 'Catch', place: string, refuse: Refuse): [string, Fields][] {
  if (state[field] === undefined) return []
  const all = list(state[field], `${place}, field '${field}'`, refuse)
  return all.map((entry, index) => {
    const at = `${place}, field '${field}[${index}]'`
    const fields = object(entry, at, refuse)
    const errors = list(fields.ErrorEquals, `${at}, field 'ErrorEquals'`, refuse)
    if (errors.some((error) => typeof error !== 'string'))
      refuse(at, "field 'ErrorEquals' must hold error names")
    if (errors.includes('States.ALL') && (errors.length > 1 || index < all.length - 1)) {
      refuse(at, "'States.ALL' must stand alone in field 'ErrorEquals', and in the last entry")
    }
    return [at, fields]
  })
}
