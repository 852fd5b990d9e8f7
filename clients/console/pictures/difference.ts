/** One field that is not what it was. */
export interface Difference {
  readonly field: string
  readonly before: string
  readonly after: string
}

type Values = Readonly<Record<string, unknown>>

/** Returns how two things differ, field by field, with the parts of objects by points between. What neither has is no difference. */
export function differencesOf(before: Values, after: Values, within = ''): readonly Difference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.flatMap((name) => {
    const [left, right] = [before[name], after[name]]
    const field = within === '' ? name : `${within}.${name}`
    if (isRecord(left) && isRecord(right)) return differencesOf(left, right, field)
    const [was, is] = [shown(left), shown(right)]
    return was === is ? [] : [{ field, before: was, after: is }]
  })
}

function isRecord(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
