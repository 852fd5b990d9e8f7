import { roles } from '../../contracts/routes.ts'
import type { Session } from './person.ts'

/** Where people sign in, as `config.json` says. */
export interface Config {
  readonly issuer: string
  readonly authorizationUrl: string
  readonly tokenUrl: string
  readonly client: string
  readonly scope: string
  readonly roleClaim: string
}

/** What goes to the issuer and has to come back. */
interface Pending {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  /** Where somebody was. */
  readonly place: string
}

const sessionKey = 'drydock.session'
const pendingKey = 'drydock.sign-in'

/** Where the issuer sends people back to: this page, without anything behind its path. */
const here = () => `${location.origin}${location.pathname}`

function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)))
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}

function read<Value>(key: string): Value | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? '') as Value // what this file has written
  } catch {
    return undefined
  }
}

/** Returns where people sign in. Throws where that cannot be read. */
export async function readConfig(): Promise<Config> {
  const answer = await fetch('/console/config.json', { cache: 'no-store' })
  if (!answer.ok) throw new Error(`config.json was answered with ${answer.status}.`)
  return answer.json()
}

/** Returns who has signed in before in this tab. */
export function present(): Session | undefined {
  return read<Session>(sessionKey)
}

/** Forgets who has signed in. */
export function forget(): void {
  sessionStorage.removeItem(sessionKey)
}

/** Sends the person to the issuer, who sends them back to where they are now. */
export async function signIn({ authorizationUrl, client, scope }: Config): Promise<void> {
  const pending: Pending = { state: random(), nonce: random(), verifier: random(), place: location.hash }
  sessionStorage.setItem(pendingKey, JSON.stringify(pending))
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(pending.verifier))
  const to = new URL(authorizationUrl)
  const asked = {
    response_type: 'code',
    client_id: client,
    redirect_uri: here(),
    scope,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries(asked)) to.searchParams.set(name, value)
  location.assign(to)
}

/**
 * Takes what the issuer has sent back out of the address, whatever it is, and exchanges a code for a token. Returns undefined where nothing
 * was sent. Throws why somebody is not signed in.
 */
export async function comeBack(config: Config): Promise<Session | undefined> {
  const sent = new URLSearchParams(location.search)
  if (location.search === '') return undefined
  const pending = read<Pending>(pendingKey)
  // At once, and whatever comes of it: no code stays in an address, or in the history.
  sessionStorage.removeItem(pendingKey)
  history.replaceState(null, '', `${location.pathname}${pending?.place ?? location.hash}`)
  if (!sent.has('code') && !sent.has('error')) return undefined
  if (pending === undefined || sent.get('state') !== pending.state)
    throw new Error('This sign-in was not begun here. Sign in once more.')
  if (sent.has('error'))
    throw new Error(`The issuer says: ${sent.get('error_description') ?? sent.get('error')}.`)
  const tokens = await exchange(config, sent.get('code') ?? '', pending.verifier)
  const claims = claimsOf(tokens.id_token)
  if (
    claims?.nonce !== pending.nonce ||
    claims.iss !== config.issuer ||
    ![claims.aud].flat().includes(config.client)
  )
    throw new Error('The issuer has answered for another sign-in. Sign in once more.')
  const session = sessionOf(config, tokens.access_token, claims)
  sessionStorage.setItem(sessionKey, JSON.stringify(session))
  return session
}

interface Tokens {
  readonly access_token: string
  readonly id_token: string
}

async function exchange({ tokenUrl, client }: Config, code: string, verifier: string): Promise<Tokens> {
  const form = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: here(),
    client_id: client,
    code_verifier: verifier,
  }
  const answer = await fetch(tokenUrl, { method: 'POST', body: new URLSearchParams(form), redirect: 'error' })
  if (!answer.ok)
    throw new Error('The issuer did not take the code: it was used, or is too old. Sign in once more.')
  return answer.json()
}

type Claims = Readonly<Record<string, unknown>>

/** Reads a token that came straight from the issuer. What it says is shown, and decides nothing: the API checks the signature. */
function claimsOf(token: string): Claims | undefined {
  try {
    const [, payload = ''] = token.split('.')
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (one) =>
      one.charCodeAt(0),
    )
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

function sessionOf({ roleClaim }: Config, token: string, claims: Claims): Session {
  const access = claimsOf(token) ?? claims
  const subject = String(access.sub ?? claims.sub ?? '')
  const name = String(claims.name ?? claims.email ?? claims.preferred_username ?? subject)
  const listed = [access[roleClaim] ?? claims[roleClaim] ?? []].flat().map(String)
  return { token, name, subject, roles: roles.filter((role) => listed.includes(role)) }
}
