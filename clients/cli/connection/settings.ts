import { userInfo } from 'node:os'
import { localUrl, type Operation, roles } from '../../../contracts/routes.ts'
import { misused } from '../failure.ts'
import type { Given } from '../given.ts'
import type { Surroundings } from '../surroundings.ts'
import { addressOf, isPrivate } from './addresses.ts'

/** Where the API is, and by what one is somebody there. */
export interface Settings {
  readonly url: string
  /** Returns a token for a call of an operation. Throws a Failure where there is none. */
  readonly token: (operation: Operation) => Promise<string>
}

/**
 * Reads where to call and as whom: options go before the environment, a token before a data directory, and that before what a login has
 * kept. Throws a Failure for an address over which a token would be readable by others.
 */
export function settingsOf(given: Given, { env, signal }: Pick<Surroundings, 'env' | 'signal'>): Settings {
  const said = (name: string, variable: string) => given.text(name) ?? (env[variable] || undefined)
  const data = said('data', 'DRYDOCK_DATA')
  const named = said('url', 'DRYDOCK_URL')
  const url = apiAddress(named ?? localUrl)
  // An option beats what the environment says, whichever of the two it is.
  const token =
    given.text('token') ?? (given.text('data') === undefined ? env.DRYDOCK_TOKEN || undefined : undefined)
  if (token !== undefined) {
    if (!/^[\x21-\x7e]+$/.test(token))
      throw misused('The token holds what no token holds: a space, or a line break.')
    return { url, token: async () => token }
  }
  if (data !== undefined) {
    const user = said('as', 'DRYDOCK_AS') ?? userInfo().username
    const wanted = given.list('role')
    const unknown = wanted.filter((role) => !roles.some((one) => one === role))
    if (unknown.length > 0)
      throw misused(`There is no role ${unknown.join(', ')}: roles are ${roles.join(', ')}.`)
    let made: string | undefined
    return {
      url,
      token: async () => {
        const { localToken } = await import('./local-issuer.ts')
        made ??= localToken(data, user, wanted.length > 0 ? wanted : roles)
        return made
      },
    }
  }
  return {
    url,
    token: async () => (await import('./sign-in.ts')).keptToken(url, env, signal),
  }
}

/** Returns the address of an API, without a slash at its end. */
function apiAddress(text: string): string {
  const url = addressOf(text)
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw misused(`--url must be an address as https://drydock.example, not ${text}.`)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw misused('--url must be an address alone, without a name, a password, a ? or a #.')
  if (!isPrivate(url))
    throw misused(
      `--url must begin with https://: over http:// others could read the token on its way to ${url.hostname}.`,
    )
  return url.href.replace(/\/+$/, '')
}
