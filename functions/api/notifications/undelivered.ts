import type { notificationContracts } from '../../../contracts/notifications.ts'
import { instantOf } from '../../../events/time.ts'
import { placeOf } from '../../notify/routing.ts'
import { sideBySide } from '../../side-by-side.ts'
import type { Operate } from '../http/endpoint.ts'
import { destinationOf } from './destinations.ts'

type Contracts = typeof notificationContracts

function typeIn(event: string | null): string | null {
  if (event === null) return null
  return (JSON.parse(event) as { readonly type: string }).type // as the bus bore it
}

/** Lists what was given up. */
export const listUndelivered: Operate<Contracts['listUndelivered'], 'messages'> = async (
  { params, query },
  { log, messages },
) => {
  const { destination } = await destinationOf(log, params.name)
  const found = await messages.undelivered(placeOf(destination), query.limit)
  const told = found.messages.map(({ about, event, since, givenUpAt, tries, why }) => ({
    ...{ about, type: typeIn(event), since: instantOf(since), givenUpAt: instantOf(givenUpAt), tries, why },
  }))
  return { status: 200, body: { messages: told, count: told.length, more: found.more } }
}

const retriedAtMost = 100

/** Takes what was given up on its way again; the clock sends it within the minute. */
export const retryUndelivered: Operate<Contracts['retryUndelivered'], 'messages'> = async (
  { params },
  { log, messages },
) => {
  const { destination } = await destinationOf(log, params.name)
  const found = await messages.undelivered(placeOf(destination), retriedAtMost)
  await sideBySide(found.messages, 8, (one) => messages.again(one))
  return { status: 200, body: { retried: found.messages.length, more: found.more } }
}
