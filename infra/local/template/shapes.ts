/**
 * What the runtime knows about one property of a resource type: it uses it, or has a reason why it has no effect here.
 * Whatever is not described is an error, so that nothing which would be deployed is silently left out on one machine.
 */
export type Shape =
  | { readonly kind: 'used' }
  | { readonly kind: 'noEffect'; readonly reason: string }
  | { readonly kind: 'object'; readonly properties: Readonly<Record<string, Shape>> }
  | { readonly kind: 'list'; readonly of: Shape }
  | { readonly kind: 'oneOf'; readonly values: readonly unknown[]; readonly reason: string }

/** The property is implemented as a whole: its inner form is checked where it is used. */
export const used: Shape = { kind: 'used' }
/** The property changes nothing on one machine, for the given reason. */
export const noEffect = (reason: string): Shape => ({ kind: 'noEffect', reason })
/** The property is an object; each of its own properties is described. */
export const object = (properties: Readonly<Record<string, Shape>>): Shape => ({ kind: 'object', properties })
/** The property is a list whose items all have one shape. */
export const list = (of: Shape): Shape => ({ kind: 'list', of })
/** Only these values are implemented; the reason says why others are not. */
export const oneOf = (values: readonly unknown[], reason: string): Shape => ({
  kind: 'oneOf',
  values,
  reason,
})

/**
 * Returns the part of a value that has an effect on one machine. Throws an error that names logical id, type and
 * property path for the first thing that the shape does not describe.
 */
export function effective(value: unknown, shape: Shape, place: Place): unknown {
  switch (shape.kind) {
    case 'used':
      return value
    case 'noEffect':
      return undefined
    case 'oneOf':
      if (shape.values.includes(value)) return value
      throw new TemplateError(
        place,
        `has the value ${JSON.stringify(value)}, but one machine implements only ${JSON.stringify(shape.values)}: ${shape.reason}`,
      )
    case 'list':
      if (!Array.isArray(value)) throw new TemplateError(place, 'must be a list')
      return value.map((item: unknown, index) => effective(item, shape.of, within(place, String(index))))
    case 'object':
      return effectiveObject(value, shape.properties, place)
  }
}

function effectiveObject(
  value: unknown,
  properties: Readonly<Record<string, Shape>>,
  place: Place,
): Record<string, unknown> {
  if (!isRecord(value)) throw new TemplateError(place, 'must be an object')
  const result: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(value)) {
    const shape = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (shape === undefined) {
      throw new TemplateError(
        within(place, name),
        'is a property that one machine does not know: implement it, or list it as without effect with the reason',
      )
    }
    const kept = effective(inner, shape, within(place, name))
    if (kept !== undefined) result[name] = kept
  }
  return result
}

/** Where in a template something stands. */
export interface Place {
  readonly logicalId: string
  readonly type: string
  readonly path: readonly string[]
}

/** Something in the template that the runtime cannot honour. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  constructor(place: Place, problem: string) {
    const property = place.path.length > 0 ? ` ${place.path.join('.')}` : ''
    super(`${place.logicalId} (${place.type})${property} ${problem}.`)
  }
}

/** Returns the place one key further in. */
export const within = (place: Place, key: string): Place => ({ ...place, path: [...place.path, key] })

/** Tells objects from lists, null and scalars. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
