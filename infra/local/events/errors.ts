/** An error as the service answers it: `type` is the exception's name. */
export class EventBridgeError extends Error {
  readonly type: string
  constructor(type: string, message: string) {
    super(message)
    this.type = type
  }
}

/** Refuses a request, or one entry of it, as AWS does. */
export function refuse(type: string, message: string): never {
  throw new EventBridgeError(type, message)
}

/** Returns the refusal of the first property that is not among the known names; undefined when all are. */
export function unknownProperty(given: object, known: readonly string[], what: string): string | undefined {
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  return unknown === undefined ? undefined : `${what}: the property ${unknown} is not supported here`
}
