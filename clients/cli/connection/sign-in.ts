import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import { exitCodes } from '../exit-codes.ts'
import { Failure, misused } from '../failure.ts'
import { addressOf, isPrivate } from './addresses.ts'
import { keepLogin, type Login, readLogins } from './logins.ts'
import { readAnswer } from './read-answer.ts'

type Env = Readonly<Record<string, string | undefined>>

const endpoint = z.string().refine((text) => {
  const url = addressOf(text)
  return url !== undefined && isPrivate(url)
}, 'an address that begins with https://')
const discovery = z.object({
  issuer: z.string(),
  token_endpoint: endpoint,
  device_authorization_endpoint: endpoint,
})
const authorization = z.object({
  device_code: z.string().min(1),
  user_code: z.string().min(1),
  verification_uri: endpoint,
  verification_uri_complete: endpoint.optional(),
  expires_in: z.number().positive().max(3600),
  interval: z.number().min(1).max(60).default(5),
})
const granted = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  expires_in: z.number().positive().default(300),
  refresh_token: z.string().optional(),
})
const denied = z.object({ error: z.string(), error_description: z.string().optional() })

/** In milliseconds. */
const longestAnswer = 15_000
/** In milliseconds: a token that ends sooner is renewed before it is used. */
const nearEnd = 30_000

/** What somebody has to do to sign in: open an address, and see that it shows this code. */
export interface Asking {
  readonly address: string
  readonly code: string
}

async function send(url: string, form: Readonly<Record<string, string>> | undefined, signal: AbortSignal) {
  const limit = AbortSignal.any([AbortSignal.timeout(longestAnswer), signal])
  try {
    const request = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }
    // Whoever is sent elsewhere would take codes and tokens along.
    const response = await fetch(url, { ...request, redirect: 'manual', signal: limit })
    return await readAnswer(response, url)
  } catch (error) {
    if (error instanceof Failure || signal.aborted) throw error
    throw new Failure(exitCodes.unknown, `${url} does not answer.`)
  }
}

function readAs<Schema extends z.ZodType>(schema: Schema, body: unknown, issuer: string): z.output<Schema> {
  const read = schema.safeParse(body)
  if (read.success) return read.data
  const where = read.error.issues[0]?.path.join('.') ?? ''
  throw new Failure(
    exitCodes.unknown,
    `${issuer} answers what the device flow of OAuth (RFC 8628) does not: ${where}`,
  )
}

/**
 * Signs in by the device flow of OAuth (RFC 8628): `show` says what to open, and once somebody has agreed there the login is kept for that API
 * alone. Returns the file that it is kept in. Throws a Failure where the issuer does not know that flow, or nobody agrees in time.
 */
export async function signIn(
  options: {
    readonly url: string
    readonly issuer: string
    readonly clientId: string
    readonly scope: string
    readonly audience: string | undefined
  },
  env: Env,
  show: (asking: Asking) => void,
  signal: AbortSignal,
): Promise<string> {
  const { url, issuer, clientId, scope, audience } = options
  const address = addressOf(issuer)
  if (address === undefined || !isPrivate(address))
    throw misused(`--issuer must begin with https://, not ${issuer}.`)
  const known = await send(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, undefined, signal)
  const found = readAs(discovery, known.body, issuer)
  // Or one issuer could have the codes of another (RFC 8414, 3.3).
  if (found.issuer.replace(/\/$/, '') !== issuer.replace(/\/$/, ''))
    throw new Failure(exitCodes.unknown, `${issuer} says that it is ${found.issuer}.`)
  const client = { client_id: clientId, ...(audience !== undefined && { audience }) }
  const asked = await send(found.device_authorization_endpoint, { ...client, scope }, signal)
  if (asked.status >= 400) throw deniedBy(asked.body, issuer)
  const { device_code, user_code, interval, expires_in, ...where } = readAs(authorization, asked.body, issuer)
  show({ address: where.verification_uri_complete ?? where.verification_uri, code: user_code })
  const form = {
    client_id: clientId,
    device_code,
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
  }
  const ending = performance.now() + expires_in * 1000
  let seconds = interval
  while (performance.now() < ending) {
    await sleep(seconds * 1000, undefined, { signal })
    const { status, body } = await send(found.token_endpoint, form, signal)
    if (status < 400)
      return keepLogin(env, url, loginOf({ issuer, clientId, tokenEndpoint: found.token_endpoint }, body))
    const { data } = denied.safeParse(body)
    if (data?.error === 'slow_down') seconds += 5
    else if (data?.error !== 'authorization_pending') throw deniedBy(body, issuer)
  }
  throw new Failure(exitCodes.refused, 'Nobody has agreed in time.', 'Next: drydock login')
}

function deniedBy(body: unknown, issuer: string): Failure {
  const { data } = denied.safeParse(body)
  const why = data?.error_description ?? data?.error ?? 'it does not say why'
  return new Failure(exitCodes.refused, `${issuer} refuses: ${why}.`, 'Next: drydock login --help')
}

function loginOf(
  {
    issuer,
    clientId,
    tokenEndpoint,
    refreshToken = null,
  }: Pick<Login, 'issuer' | 'clientId' | 'tokenEndpoint'> & { readonly refreshToken?: string | null },
  body: unknown,
): Login {
  const { access_token, expires_in, refresh_token } = readAs(granted, body, issuer)
  const expiresAt = Date.now() + expires_in * 1000
  return {
    issuer,
    clientId,
    tokenEndpoint,
    token: access_token,
    expiresAt,
    refreshToken: refresh_token ?? refreshToken,
  }
}

/** Returns the token of the login that is kept for an API, renewed where it is at its end. Throws a Failure where there is none. */
export async function keptToken(url: string, env: Env, signal: AbortSignal): Promise<string> {
  const login = (await readLogins(env))[url]
  if (login === undefined)
    throw misused(
      `Nobody is signed in at ${url}.`,
      'Next: drydock login --issuer URL --client-id ID, or --token TOKEN (DRYDOCK_TOKEN); of one machine: --data DIR (DRYDOCK_DATA).',
    )
  if (login.expiresAt - nearEnd > Date.now()) return login.token
  const again = `Next: drydock login --issuer ${login.issuer} --client-id ${login.clientId}`
  if (login.refreshToken === null) throw misused(`The login at ${url} has ended.`, again)
  const form = { client_id: login.clientId, grant_type: 'refresh_token', refresh_token: login.refreshToken }
  const { status, body } = await send(login.tokenEndpoint, form, signal)
  if (status >= 400) throw misused(`The login at ${url} has ended, and is not renewed.`, again)
  const renewed = loginOf(login, body)
  await keepLogin(env, url, renewed)
  return renewed.token
}
