import type { DestinationAsked, notificationContracts } from '../../../contracts/notifications.ts'
import { cut } from '../../../events/cut.ts'
import { passesForAnother } from '../../domain/actor.ts'
import {
  allDestinations,
  type Destination,
  type DestinationsDecision,
  defineDestination as define,
  destinationsAggregate,
  removeDestination as remove,
} from '../../domain/destination/destinations.ts'
import { PassingError } from '../../errors.ts'
import type { Log } from '../../log/log.ts'
import { deliver } from '../../notify/deliver.ts'
import { isPublic, sampleOf } from '../../notify/sample.ts'
import { atOnce, patience } from '../../patience.ts'
import { redact } from '../../redact.ts'
import { sideBySide } from '../../side-by-side.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { invalidFields, Problem } from '../http/problem.ts'
import type { Services, ToLeave } from '../services.ts'

type Contracts = typeof notificationContracts

function shown({ name, revision, defined, document }: Destination) {
  return { name, revision, definedBy: defined.by, definedAt: defined.at, document }
}

/** Returns a destination of those that there are. Throws the problem that there is none of the name. */
function destinationIn(destinations: readonly Destination[], name: string): Destination {
  const found = destinations.find((one) => one.name === name)
  if (found) return found
  throw new Problem('destination-not-found', 'There is no such destination. PUT it under this name.')
}

/** Reads a destination from the log. Throws the problem that there is none of the name. */
export async function destinationOf(
  log: Log,
  name: string,
): Promise<{ readonly destination: Destination; readonly commit: number }> {
  const { state, commit } = await log.load(destinationsAggregate, allDestinations)
  return { destination: destinationIn(state.destinations, name), commit }
}

async function command(
  input: Parameters<typeof metadataOf>[0],
  { log }: Services,
  decision: DestinationsDecision,
) {
  const trying = { retryFor: patience.person }
  const outcome = await log.execute(
    destinationsAggregate,
    allDestinations,
    decision,
    metadataOf(input),
    trying,
  )
  return { ...accepted(outcome), isNew: outcome.kind !== 'unchanged' }
}

/** Throws the problem that names what cannot be met: an event that there is not, a host that may not be called, one person twice. */
function refuseMistakes(asked: DestinationAsked, uncallable: Services<'uncallable'>['uncallable']): void {
  const unknown = (asked.events ?? []).flatMap((type, place) =>
    isPublic(type)
      ? []
      : [{ field: `events.${place}`, value: type, expected: 'a type of public events (docs/events.md)' }],
  )
  const called =
    asked.kind === 'webhook'
      ? (['url', asked.url] as const)
      : asked.kind === 'slack'
        ? (['apiUrl', asked.apiUrl] as const)
        : undefined
  const why = called && uncallable(called[1])
  const closed = called && why !== undefined ? [{ field: called[0], value: called[1], expected: why }] : []
  const people = asked.kind === 'slack' ? asked.people : []
  const twice = people.flatMap(({ user }, place) =>
    people.findIndex((one) => one.user === user) < place
      ? [{ field: `people.${place}.user`, value: user, expected: 'each user once' }]
      : [],
  )
  const reserved = people.flatMap(({ subject }, place) =>
    passesForAnother(subject)
      ? [{ field: `people.${place}.subject`, value: subject, expected: 'a name that only a person can have' }]
      : [],
  )
  const fields = [...unknown, ...closed, ...twice, ...reserved]
  if (fields.length > 0) throw invalidFields(fields)
}

/** Returns the secrets that a destination names, by their place. */
function secretsIn(asked: DestinationAsked): readonly (readonly [field: string, reference: string])[] {
  switch (asked.kind) {
    case 'webhook':
      return asked.secrets.map((reference, place) => [`secrets.${place}`, reference])
    case 'slack': {
      const { token, signingSecret } = asked
      return [
        ['token', token],
        ...(signingSecret === null ? [] : [['signingSecret', signingSecret] as const]),
      ]
    }
    case 'teams':
      return [['workflow', asked.workflow]]
    case 'email':
      return []
  }
}

/** Says which secrets cannot be read. Somebody may define first and store the secret then, so that it refuses nothing; where nobody answers, nothing is known. */
async function unreadable(
  secrets: Services<'secrets'>['secrets'],
  asked: DestinationAsked,
): Promise<{ field: string; detail: string }[]> {
  const told = await sideBySide(secretsIn(asked), atOnce.requested, async ([field, reference]) => {
    const read = await secrets.read(reference).catch((error: unknown) => {
      if (!(error instanceof PassingError)) throw error
      return undefined
    })
    return read?.kind === 'unavailable' ? [{ field, detail: cut(redact(read.why), 500) }] : []
  })
  return told.flat()
}

/** Defines a destination under its name; the same document again changes nothing. */
export const defineDestination: Operate<Contracts['defineDestination'], 'uncallable' | 'secrets'> = async (
  input,
  services,
) => {
  const { name } = input.params
  refuseMistakes(input.body, services.uncallable)
  const { state, commit, isNew } = await command(input, services, define({ name, document: input.body }))
  const destination = destinationIn(state.destinations, name)
  const status = isNew && destination.revision === destination.life ? 201 : 200
  const warnings = await unreadable(services.secrets, input.body)
  const body = { ...shown(destination), warnings }
  return { status, body, commit, etag: commit, location: `/api/v1/destinations/${name}` }
}

/** Lists all destinations, from the log. */
export const listDestinations: Operate<Contracts['listDestinations']> = async (_input, { log }) => {
  const { state } = await log.load(destinationsAggregate, allDestinations)
  const destinations = state.destinations.map(shown)
  return { status: 200, body: { destinations, count: destinations.length, nextCursor: null } }
}

/** Reads a destination from the log. */
export const getDestination: Operate<Contracts['getDestination']> = async ({ params }, { log }) => {
  const { destination, commit } = await destinationOf(log, params.name)
  return { status: 200, body: shown(destination), etag: commit }
}

/** Has nothing sent there any more. */
export const removeDestination: Operate<Contracts['removeDestination']> = async (input, services) => {
  const { name } = input.params
  const { commit } = await command(input, services, remove({ name, reason: input.query.reason }))
  return { status: 200, body: { name, message: 'Nothing is sent there any more.' }, commit }
}

/** Sends a sample there, past every filter, and says what became of it. */
export const testDestination: Operate<Contracts['testDestination'], ToLeave> = async (
  { params, principal },
  services,
) => {
  const { destination } = await destinationOf(services.log, params.name)
  const outcome = await deliver(services, destination, sampleOf(principal.id, services.now()), null)
  const why = outcome.kind === 'sent' ? null : cut(redact(outcome.why), 500)
  return { status: 200, body: { delivered: why === null, why } }
}
