import { isRecord } from './shapes.ts'
import type { Resource } from './stack.ts'

/** The resources of one type, in the order of their dependencies. */
export const ofType = (resources: readonly Resource[], type: string): Resource[] =>
  resources.filter((resource) => resource.type === type)

/** A number, which templates may also spell as text; undefined when the property is absent. */
export function numberOf(value: unknown): number | undefined {
  return value === undefined ? undefined : Number(value)
}

/** The ARN that a DestinationConfig sends failures to; undefined when there is none. */
export function onFailure(config: unknown): string | undefined {
  const destination =
    isRecord(config) && isRecord(config.OnFailure) ? config.OnFailure.Destination : undefined
  return destination === undefined ? undefined : String(destination)
}

/** An object with one property, or none when the value is undefined. */
export function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [Key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [Key in Name]: Value }) // the computed key is Name
}
