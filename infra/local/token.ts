import { roles } from '../../contracts/routes.ts'
import { endCommand, readCommandLine } from '../command-line.ts'
import type { Clock } from './clock.ts'
import { dataFile } from './data-files.ts'
import { openExistingIssuer } from './http/issuer.ts'
import { readAnchor } from './machine-clock.ts'

const usage = `npm run --silent token -- --user NAME --role ROLE [options]

Prints a token for the API of the runtime that keeps its data in a directory.

  --user NAME    whose token
  --role ROLE    what they may do, as often as needed: ${roles.join(', ')}
  --data DIR     the data directory of the runtime (.drydock)
  --ttl SECONDS  how long it holds, by the runtime's clock (12 hours)`

/** Prints a token of the runtime that keeps its data in a directory, and nothing else. */
async function main(): Promise<void> {
  const { values } = readCommandLine(usage, {
    options: {
      data: { type: 'string', default: '.drydock' },
      user: { type: 'string' },
      role: { type: 'string', multiple: true, default: [] },
      ttl: { type: 'string' },
    },
  })
  if (values.user === undefined) throw new Error(`Whose token?\n\n${usage}`)
  const unknown = values.role.filter((name) => !roles.some((role) => role === name))
  if (unknown.length > 0)
    throw new Error(`There is no role ${unknown.join(', ')}: roles are ${roles.join(', ')}.\n\n${usage}`)
  if (values.role.length === 0) throw new Error(`With which role? One of ${roles.join(', ')}.\n\n${usage}`)
  const ttlSeconds = values.ttl === undefined ? undefined : Number(values.ttl)
  if (ttlSeconds !== undefined && !(Number.isInteger(ttlSeconds) && ttlSeconds > 0))
    throw new Error(`--ttl must be a whole number of seconds, not ${values.ttl}.\n\n${usage}`)
  const { earlier, later } = instants(values.data)
  const issuer = await openExistingIssuer(values.data, standing(later))
  if (issuer === undefined)
    throw new Error(
      `${values.data} has no issuer yet: start the runtime once with npm start -- --data ${values.data}, then ask again.`,
    )
  const claims = { iat: Math.floor(earlier / 1000) }
  const lifetime = ttlSeconds === undefined ? {} : { ttlSeconds }
  console.log(await issuer.token({ user: values.user, roles: values.role, claims, ...lifetime }))
}

/**
 * Says from when to when a token may hold, without disturbing the runtime's clock: its file is up to a second of the
 * wall ahead of it, the wall is behind it unless it runs slowly. A token is valid from the earlier, and lives from the later.
 */
function instants(directory: string): { readonly earlier: number; readonly later: number } {
  const wall = Date.now()
  const anchor = readAnchor(dataFile(directory, 'clock.json')) || wall
  return { earlier: Math.min(wall, anchor - 1000), later: Math.max(wall, anchor) }
}

function standing(instant: number): Clock {
  const at = (): never => {
    throw new Error('A token needs no timers')
  }
  return { speed: 1, now: () => instant, at }
}

main().catch(endCommand)
