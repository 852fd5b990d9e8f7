import { keepLogin } from '../connection/logins.ts'
import { signIn } from '../connection/sign-in.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Work } from '../session.ts'

/** Signs in at the issuer of an API, and keeps that for it. */
export const login: Work = async ({ api, console, surroundings }, given) => {
  const file = await signIn(
    {
      url: api.url,
      issuer: given.text('issuer') ?? '',
      clientId: given.text('clientId') ?? '',
      scope: given.text('scope') ?? 'openid offline_access',
      audience: given.text('audience'),
    },
    surroundings.env,
    ({ address, code }) => {
      console.say(`Open ${address}`)
      console.say(`and see that it shows the code ${code}.`)
    },
    surroundings.signal,
  )
  console.say(`Signed in at ${api.url}. It is kept in ${file}, which only you can read.`, 'good')
  return exitCodes.done
}

/** Forgets the login at an API. */
export const logout: Work = async ({ api, console, surroundings }) => {
  await keepLogin(surroundings.env, api.url, undefined)
  console.say(`Nobody is signed in at ${api.url} any more.`)
  return exitCodes.done
}
