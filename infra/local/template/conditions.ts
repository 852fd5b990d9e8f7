import { resolve, type Scope } from './intrinsics.ts'
import { isRecord, type Place, TemplateError } from './shapes.ts'

/** Decides a condition of the template (Fn::Equals, Fn::Not, Fn::And, Fn::Or, Condition); throws for any other function. */
export function decideCondition(expression: unknown, scope: Scope, place: Place): boolean {
  const entry = isRecord(expression) ? Object.entries(expression)[0] : undefined
  const [name, argument] = entry ?? ['', undefined]
  const parts: readonly unknown[] = Array.isArray(argument) ? argument : []
  const decide = (part: unknown) => decideCondition(part, scope, place)
  switch (name) {
    case 'Fn::Equals':
      return resolve(parts[0], scope, place) === resolve(parts[1], scope, place)
    case 'Fn::Not':
      return !decide(parts[0])
    case 'Fn::And':
      return parts.every(decide)
    case 'Fn::Or':
      return parts.some(decide)
    case 'Condition':
      return scope.condition(String(argument), place)
    default:
      throw new TemplateError(
        { ...place, path: [...place.path, name] },
        'is a condition function that one machine does not know',
      )
  }
}
