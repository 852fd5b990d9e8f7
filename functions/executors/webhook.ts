import { createHmac } from 'node:crypto'
import { instantOf, minute, second } from '../../events/time.ts'
import { sameSecret } from '../same-secret.ts'
import type { Call } from './call.ts'

/** A message to be signed by Standard Webhooks 1.0. */
export interface WebhookMessage {
  /** The same each time that it is sent, so that whoever gets it twice can tell. */
  readonly id: string
  /** When it is sent, in milliseconds since the epoch: of this try, not of the first. */
  readonly at: number
  readonly body: string
}

/** A message that somebody signed who has the secret. Whoever acts on it acts on each id once. */
export type Verified =
  | { readonly kind: 'verified'; readonly id: string; readonly at: string }
  | { readonly kind: 'refused'; readonly why: string }

/** A message that is older, or that much ahead, is refused: it may be a replay (S22). */
const tolerance = 5 * minute

/** No dot: it parts what is signed. */
const messageId = /^[\w-]{1,200}$/
/** Standard Webhooks: a key has 24 to 64 bytes, in base64 behind its prefix. */
const secretForm = /^whsec_([A-Za-z0-9+/]+={0,2})$/
const signaturesAtMost = 20

/** Is it a secret of a webhook, `whsec_` and 24 to 64 bytes in base64? */
export function isWebhookSecret(text: string): boolean {
  const written = secretForm.exec(text)?.[1] ?? ''
  const key = Buffer.from(written, 'base64')
  return key.length >= 24 && key.length <= 64 && key.toString('base64') === written
}

/**
 * Returns the headers that go with a message: with several secrets one signature by each, so that receivers may hold either while a secret is exchanged
 * for another. Throws for an id or a secret of another form, which are ours.
 */
export function signedHeaders(
  { id, at, body }: WebhookMessage,
  secrets: readonly string[],
): Record<string, string> {
  if (!messageId.test(id)) throw new TypeError('The id of a message is of 1 to 200 letters, digits, _ and -.')
  if (secrets.length === 0) throw new TypeError('A message is signed with at least one secret.')
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / second)),
    'webhook-signature': secrets.map((secret) => signature(secret, { id, at, body })).join(' '),
  }
}

/** Returns the call that brings a message of JSON to a receiver. */
export function webhookCall(
  url: string,
  message: WebhookMessage,
  secrets: readonly string[],
): Pick<Call, 'method' | 'url'> & Required<Pick<Call, 'headers' | 'body'>> {
  const headers = { 'content-type': 'application/json', ...signedHeaders(message, secrets) }
  return { method: 'POST', url, headers, body: message.body }
}

/** Signs messages that go out. */
export interface Webhooks {
  /** Is it a secret by which messages are signed? */
  isSecret(text: string): boolean
  /** Returns the call that brings a message, signed by each of the secrets. */
  call: typeof webhookCall
}

/** Opens what signs messages. */
export function openWebhooks(): Webhooks {
  return { isSecret: isWebhookSecret, call: webhookCall }
}

/**
 * Checks a message that came in, by any of the secrets. Header names are in lower case; the body is what came, to the byte. `now` is in
 * milliseconds since the epoch. Refuses what is not signed, what is signed otherwise, and what is more than 300 seconds off.
 */
export function verifySigned(
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
  secrets: readonly string[],
  now: number,
): Verified {
  const refused = (why: string) => ({ kind: 'refused', why }) as const
  const id = headers['webhook-id'] ?? ''
  const timestamp = headers['webhook-timestamp'] ?? ''
  const presented = (headers['webhook-signature'] ?? '').split(' ').filter((one) => one.startsWith('v1,'))
  if (!messageId.test(id) || !/^\d{1,12}$/.test(timestamp) || presented.length === 0)
    return refused('webhook-id, webhook-timestamp and webhook-signature have to be there.')
  if (presented.length > signaturesAtMost)
    return refused(`There are more than ${signaturesAtMost} signatures.`)
  const at = Number(timestamp) * second
  if (Math.abs(Math.floor(now / second) * second - at) > tolerance)
    return refused('webhook-timestamp is more than 300 seconds from now.')
  const right = secrets.map((secret) => signature(secret, { id, at, body }))
  // Each is compared with each, whether or not one has fitted.
  const fitting = presented.flatMap((one) => right.filter((other) => sameSecret(one, other)))
  if (fitting.length === 0) return refused('No signature is by a secret that is known here.')
  return { kind: 'verified', id, at: instantOf(at) }
}

function signature(secret: string, { id, at, body }: WebhookMessage): string {
  if (!isWebhookSecret(secret))
    throw new TypeError('A secret of a webhook is whsec_ and 24 to 64 bytes in base64.')
  const key = Buffer.from(secretForm.exec(secret)?.[1] ?? '', 'base64')
  const signed = `${id}.${Math.floor(at / second)}.${body}`
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
}
