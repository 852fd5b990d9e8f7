import { canonicalJson } from '../../../events/canonical.ts'
import {
  type DestinationDocument,
  type DestinationEvent,
  destinationEvents,
} from '../../../events/destinations.ts'
import { type Aggregate, accept, type Decision, reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'

/** One destination, as it was defined last. */
export interface Destination {
  readonly name: string
  /** How often it has been defined, from 1. */
  readonly revision: number
  /** The revision with which this destination began: what was on its way to one of that name before, or of another kind, is not for it. */
  readonly life: number
  readonly document: DestinationDocument
  readonly defined: { readonly by: string; readonly at: string }
}

/** All destinations, by name. */
export interface DestinationsState {
  readonly destinations: readonly Destination[]
  /** How often each that is gone was defined: a name that comes back counts on. */
  readonly revisions: Readonly<Record<string, number>>
}

/** A decision about destinations. */
export type DestinationsDecision = (
  state: DestinationsState,
  now: string,
) => Decision<DestinationEvent, Rejection>

/** Where notices are sent: one stream for all, so that one read says where an event goes. */
export const destinationsAggregate: Aggregate<DestinationsState, DestinationEvent> = {
  name: 'destinations',
  stateSchema: 1,
  initial: { destinations: [], revisions: {} },
  evolve({ destinations, revisions }, event, { at, actor }) {
    const { name } = event.data
    const others = destinations.filter((one) => one.name !== name)
    switch (event.type) {
      case 'DestinationDefined': {
        const revision = (Object.hasOwn(revisions, name) ? (revisions[name] ?? 0) : 0) + 1
        const { document } = event.data
        const before = destinations.find((one) => one.name === name)
        const life = before?.document.kind === document.kind ? before.life : revision
        const defined = { name, revision, life, document, defined: { by: actor, at } }
        const sorted = [...others, defined].sort((left, right) => (left.name < right.name ? -1 : 1))
        return { destinations: sorted, revisions: { ...revisions, [name]: revision } }
      }
      case 'DestinationRemoved':
        return { destinations: others, revisions }
    }
  },
  decode: (type, schema, data) => destinationEvents.decode(type, schema, data),
  encode: destinationEvents.encode,
}

/** The id of the one stream of destinations. */
export const allDestinations = 'all'

/** So many names there are at most, those that are gone included: every public event asks all of them. */
const destinationsAtMost = 30

/** A destination is so long at most, in bytes: all of them fit into one snapshot. */
const longestDocument = 6_000

/** Defines a destination, or defines it anew; the same document again changes nothing. */
export function defineDestination(command: {
  readonly name: string
  readonly document: DestinationDocument
}): DestinationsDecision {
  return ({ destinations, revisions }) => {
    const { name, document } = command
    const present = destinations.find((one) => one.name === name)
    const text = canonicalJson(document)
    if (present && canonicalJson(present.document) === text) return accept()
    if (Buffer.byteLength(text) > longestDocument) {
      const detail = `A destination has ${longestDocument} bytes at most: make two of it.`
      return reject({ code: 'destination-too-large', detail })
    }
    if (!Object.hasOwn(revisions, name) && Object.keys(revisions).length >= destinationsAtMost) {
      const detail = `There have been ${destinationsAtMost} names of destinations, and none is forgotten: define one of them anew.`
      return reject({ code: 'too-many-destinations', detail })
    }
    return accept({ type: 'DestinationDefined', data: { name, document } })
  }
}

/** Has nothing sent to a destination any more, with a reason. */
export function removeDestination(command: {
  readonly name: string
  readonly reason: string
}): DestinationsDecision {
  return ({ destinations }) => {
    if (destinations.some((one) => one.name === command.name))
      return accept({ type: 'DestinationRemoved', data: command })
    const detail = 'There is no such destination. GET /api/v1/destinations lists those that there are.'
    return reject({ code: 'destination-not-found', detail })
  }
}
