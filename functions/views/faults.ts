import { ProjectionFault } from './projection.ts'

/** Errors that the same commit meets again however often it is tried. */
const lasting: ReadonlySet<string> = new Set([
  'BrokenStream',
  'ItemCollectionSizeLimitExceededException',
  'SyntaxError',
  'UndecodableEvent',
  'ValidationException',
  'ZodError',
])

/**
 * Is there no sense in trying again? Whatever is not known to last counts as passing (throttling, network, rights that are
 * not granted yet): the event source tries a batch again for hours, and nothing is lost in the meantime.
 */
export function isLasting(error: unknown): boolean {
  return error instanceof ProjectionFault || (error instanceof Error && lasting.has(error.name))
}
