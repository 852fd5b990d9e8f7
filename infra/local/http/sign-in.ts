import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { type Role, roles } from '../../../contracts/routes.ts'
import { BoundedMap } from '../../../functions/bounded-map.ts'
import { sameSecret } from '../../../functions/same-secret.ts'
import type { Answer } from './answer.ts'
import type { Issuer } from './issuer.ts'
import { refusalPage, signInPage, styles } from './sign-in-page.ts'

/** The page of the local issuer at which somebody chooses who they are, by OpenID Connect: an authorization code, with PKCE. */
export interface SignIn {
  /** What the console is told of it, by the names of the template's parameters. */
  readonly parameters: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** What is asked for at the authorization endpoint, once it was checked. */
interface Asked {
  readonly redirectUri: string
  readonly state: string
  readonly nonce: string
  readonly challenge: string
}

interface Granted extends Asked {
  readonly user: string
  readonly roles: readonly Role[]
}

const client = 'drydock-console'
/** Of the wall, in milliseconds: how long a page may stay open, and a code may be on its way. */
const openFor = 10 * 60_000
const validFor = 60_000
/** How long a token holds, in seconds. */
const hours = 12 * 60 * 60
const needed = 'A name of letters, digits and . _ @ + - is needed, and at least one role.'
const mostBytes = 16 * 1024
/** So many at once; more were not opened by people. */
const most = 1000

/**
 * Opens it on a port of its own, as issuers have an origin of their own. `consoles` are the exact addresses to which it sends people back:
 * nobody else is ever given a code.
 */
export async function openSignIn({
  issuer,
  consoles,
}: {
  readonly issuer: Issuer
  consoles(): readonly string[]
}): Promise<SignIn> {
  const pages = once<Asked>(openFor)
  const codes = once<Granted>(validFor)
  let hosts: readonly string[] = []

  async function answer(message: IncomingMessage): Promise<Answer> {
    const say = answersFor(consoles())
    // A name that somebody else's server has given this address would be another origin, with the same pages.
    if (!hosts.includes(message.headers.host ?? ''))
      return say.refuse('This address is not the one of the sign-in.')
    const url = new URL(message.url ?? '/', 'http://127.0.0.1')
    const called = `${message.method} ${url.pathname}`
    if (called === 'GET /styles.css') return say.styles()
    if (called === 'GET /authorize') return authorize(url.searchParams, say)
    if (called !== 'POST /authorize' && called !== 'POST /token')
      return say.refuse('There is no such page.', 404)
    const form = await readForm(message)
    if (form === undefined) return say.refuse('The form is too large, or none.')
    return called === 'POST /token' ? exchange(message, form, say) : choose(message, form, say)
  }

  function authorize(query: URLSearchParams, say: Say): Answer {
    const asked = readAsked(query, consoles())
    return typeof asked === 'string' ? say.refuse(asked) : say.page(signInPage(pages.keep(asked)))
  }

  function choose(message: IncomingMessage, form: URLSearchParams, say: Say): Answer {
    const { origin } = message.headers
    if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`))
      return say.refuse('The form was not sent from this page.')
    const asked = pages.take(form.get('ticket') ?? '')
    if (asked === undefined) return say.refuse('This page was used, or is too old: sign in once more.')
    const user = (form.get('user') ?? '').trim()
    const chosen = roles.filter((role) => form.getAll('role').includes(role))
    if (!/^[\w.@+-]{1,128}$/.test(user) || chosen.length === 0)
      return say.page(signInPage(pages.keep(asked), needed), 400)
    const to = new URL(asked.redirectUri)
    to.searchParams.set('code', codes.keep({ ...asked, user, roles: chosen }))
    to.searchParams.set('state', asked.state)
    return say.redirect(to.href)
  }

  async function exchange(message: IncomingMessage, form: URLSearchParams, say: Say): Promise<Answer> {
    const { origin } = message.headers
    if (origin !== undefined && !consoles().some((one) => new URL(one).origin === origin))
      return say.refuseToken('unauthorized_client')
    if (form.get('grant_type') !== 'authorization_code') return say.refuseToken('unsupported_grant_type')
    if (form.get('client_id') !== client) return say.refuseToken('invalid_client')
    // It is spent by any try, so that nobody tries verifiers one after the other.
    const granted = codes.take(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (
      granted === undefined ||
      !sameSecret(challenge, granted.challenge) ||
      granted.redirectUri !== form.get('redirect_uri')
    )
      return say.refuseToken('invalid_grant')
    const { user, nonce } = granted
    const bearer = { user, roles: granted.roles, ttlSeconds: hours }
    return say.tokens(origin, {
      access_token: await issuer.token(bearer),
      id_token: await issuer.token({ ...bearer, claims: { aud: client, nonce } }),
      token_type: 'Bearer',
      expires_in: hours,
    })
  }

  const server = createServer((message, response) => {
    const failed = () => answersFor([]).refuse('The sign-in has failed.', 500)
    void answer(message)
      .catch(failed)
      .then(({ status, headers, body }) => response.writeHead(status, headers).end(body))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  const url = `http://127.0.0.1:${port}`
  return {
    parameters: {
      ConsoleClient: client,
      ConsoleSignInUrl: `${url}/authorize`,
      ConsoleTokenUrl: `${url}/token`,
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Returns what is asked for, or why it is refused: to whom somebody is sent back is never what a request says, but one of these addresses. */
function readAsked(query: URLSearchParams, consoles: readonly string[]): Asked | string {
  const redirectUri = query.get('redirect_uri') ?? ''
  const challenge = query.get('code_challenge') ?? ''
  const state = query.get('state') ?? ''
  const nonce = query.get('nonce') ?? ''
  if (query.get('client_id') !== client) return 'This client is not known.'
  if (!consoles.includes(redirectUri)) return 'Nobody is sent back to the address that is asked for.'
  if (query.get('response_type') !== 'code') return 'Only authorization codes are issued.'
  if (query.get('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(challenge))
    return 'A challenge by S256 is needed (PKCE).'
  if (!/^[\w-]{16,128}$/.test(state) || !/^[\w-]{16,128}$/.test(nonce))
    return 'A state and a nonce are needed.'
  return { redirectUri, state, nonce, challenge }
}

/** Keeps values under names that nobody can guess, each for a time, and gives each out once. */
function once<Value>(milliseconds: number) {
  const kept = new BoundedMap<string, { readonly value: Value; readonly until: number }>(most)
  return {
    keep(value: Value): string {
      const name = randomBytes(32).toString('base64url')
      kept.set(name, { value, until: performance.now() + milliseconds })
      return name
    },
    take(name: string): Value | undefined {
      const found = kept.get(name)
      kept.delete(name)
      return found !== undefined && performance.now() < found.until ? found.value : undefined
    },
  }
}

/** Reads the form of a request; undefined where it is none, or too large. */
async function readForm(message: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (!/^application\/x-www-form-urlencoded\b/.test(message.headers['content-type'] ?? '')) return undefined
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > mostBytes) return undefined
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString())
}

type Say = ReturnType<typeof answersFor>

/** Returns what is answered, always with the policy by which nothing else is loaded, run or framed. */
function answersFor(consoles: readonly string[]) {
  const origins = [...new Set(consoles.map((one) => new URL(one).origin))]
  const always = {
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'self'; form-action ${["'self'", ...origins].join(' ')}; base-uri 'none'; frame-ancestors 'none'`,
    'cross-origin-opener-policy': 'same-origin',
    // By no-referrer a browser would not say either that the form was sent from this page.
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  }
  const as = (
    type: string,
    body: string,
    status = 200,
    headers: Readonly<Record<string, string>> = {},
  ): Answer => ({
    ...{ status, body },
    headers: { ...always, ...headers, 'content-type': type },
  })
  const html = 'text/html; charset=utf-8'
  const json = 'application/json'
  return {
    page: (body: string, status = 200) => as(html, body, status),
    refuse: (why: string, status = 400) => as(html, refusalPage(why), status),
    styles: () => as('text/css; charset=utf-8', styles),
    redirect: (location: string) => as(html, '', 303, { location }),
    refuseToken: (error: string) => as(json, JSON.stringify({ error }), 400),
    tokens: (origin: string | undefined, tokens: object) =>
      as(json, JSON.stringify(tokens), 200, {
        ...(origin !== undefined && { 'access-control-allow-origin': origin, vary: 'origin' }),
      }),
  }
}
