import { compile, expressionIn } from './expression.ts'
import type { Fields, Refuse } from './fields.ts'

/** Fields of a state that hold no template. */
const PLAIN = new Set([
  ...['Type', 'Comment', 'QueryLanguage', 'Next', 'Default', 'Resource'],
  ...['Branches', 'ItemProcessor'],
])

/** Refuses expressions that are not valid JSONata, anywhere in the templates of a state. */
export function checkTemplates(state: Fields, place: string, refuse: Refuse): void {
  for (const [field, template] of Object.entries(state))
    if (!PLAIN.has(field)) check(template, field, place, refuse)
}

function check(value: unknown, path: string, place: string, refuse: Refuse): void {
  const expression = expressionIn(value)
  if (expression !== undefined) {
    try {
      compile(expression)
    } catch (error) {
      const message =
        typeof error === 'object' && error !== null && 'message' in error ? error.message : error
      refuse(place, `field '${path}' is not valid JSONata: ${message}`)
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) check(item, `${path}/${key}`, place, refuse)
  }
}
