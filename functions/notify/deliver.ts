import type { PublicDetail } from '../../events/public.ts'
import type { Destination } from '../domain/destination/destinations.ts'
import { isPassing } from '../errors.ts'
import type { Secrets } from '../outbound.ts'
import { emailOf } from './email.ts'
import { type Delivered, deliveredBy, type Leaving } from './leaving.ts'
import type { Notice } from './notice.ts'
import { slackMessage } from './slack.ts'
import { teamsMessage } from './teams.ts'
import { webhookMessage } from './webhook.ts'

/** What is told: the event itself to programs, the notice to people. */
export interface Telling {
  readonly detail: PublicDetail | null
  readonly notice: Notice | null
  readonly changelog: readonly string[]
}

type Document<Kind extends Destination['document']['kind']> = Extract<
  Destination['document'],
  { readonly kind: Kind }
>

const nothing: Delivered = { kind: 'never', why: 'There is nothing to tell there.' }

/**
 * Sends what is told to a destination, in its way. `ref`: how the other side calls the message that this one takes the place of; null: none. A service of our
 * own that does not answer is one more reason why it may get there later.
 */
export async function deliver(
  leaving: Leaving,
  destination: Pick<Destination, 'document'>,
  telling: Telling,
  ref: string | null,
): Promise<Delivered> {
  try {
    return await deliverOnce(leaving, destination, telling, ref)
  } catch (error) {
    if (!isPassing(error)) throw error
    return { kind: 'later', why: error instanceof Error ? error.message : String(error) }
  }
}

async function deliverOnce(
  leaving: Leaving,
  { document }: Pick<Destination, 'document'>,
  telling: Telling,
  ref: string | null,
): Promise<Delivered> {
  switch (document.kind) {
    case 'webhook':
      return telling.detail ? toWebhook(leaving, document, telling.detail) : nothing
    case 'slack':
      return telling.notice ? toSlack(leaving, document, telling.notice, ref) : nothing
    case 'teams':
      return telling.notice ? toTeams(leaving, document, telling.notice) : nothing
    case 'email':
      return telling.notice ? toPeople(leaving, document, telling.notice, telling.changelog) : nothing
  }
}

/** Returns the values of secrets, or why one of them is not to be had. */
async function valuesOf(
  secrets: Secrets,
  references: readonly string[],
): Promise<readonly string[] | Delivered> {
  const values: string[] = []
  for (const reference of references) {
    const read = await secrets.read(reference)
    // A right, or a new secret, may come a minute late.
    if (read.kind !== 'secret') return { kind: 'later', why: read.why }
    values.push(read.value)
  }
  return values
}

async function toWebhook(
  { outbound, secrets, webhooks, apiUrl, now }: Leaving,
  document: Document<'webhook'>,
  detail: PublicDetail,
): Promise<Delivered> {
  const keys = await valuesOf(secrets, document.secrets)
  if ('kind' in keys) return keys
  if (!keys.every((key) => webhooks.isSecret(key)))
    return { kind: 'never', why: 'A secret of it is not whsec_ and 24 to 64 bytes in base64.' }
  const { contentType, ...message } = webhookMessage(detail, document.format, apiUrl)
  const call = webhooks.call(document.url, { ...message, at: now() }, keys)
  const headers = { ...call.headers, 'content-type': contentType }
  return deliveredBy(outbound, await outbound.send({ ...call, method: 'POST', headers, confidential: keys }))
}

async function toTeams(
  { outbound, secrets, apiUrl }: Leaving,
  document: Document<'teams'>,
  notice: Notice,
): Promise<Delivered> {
  const read = await valuesOf(secrets, [document.workflow])
  if ('kind' in read) return read
  const [url = ''] = read
  const body = JSON.stringify(teamsMessage(notice, apiUrl))
  const headers = { 'content-type': 'application/json' }
  return deliveredBy(
    outbound,
    await outbound.send({ method: 'POST', url, headers, body, confidential: [url] }),
  )
}

async function toPeople(
  { mail, apiUrl }: Leaving,
  { from, to }: Document<'email'>,
  notice: Notice,
  changelog: readonly string[],
): Promise<Delivered> {
  const refused = await mail.send({ from, to, ...emailOf(notice, changelog, apiUrl) })
  if (refused === undefined) return { kind: 'sent', ref: null }
  return { kind: refused.passing ? 'later' : 'never', why: refused.why }
}

/** What Slack says of a message that is not to be had any more: another takes its place. */
const gone = ['message_not_found', 'cant_update_message', 'edit_window_closed']
/** What passes (Slack, "Web API errors"). */
const passing = [
  ...['ratelimited', 'rate_limited', 'internal_error', 'fatal_error', 'service_unavailable'],
  ...['request_timeout', 'team_added_to_org'],
]

interface SlackAnswer {
  readonly ok?: unknown
  readonly error?: unknown
  readonly channel?: unknown
  readonly ts?: unknown
}

function slackAnswer(body: string): SlackAnswer {
  try {
    const read: unknown = JSON.parse(body)
    return typeof read === 'object' && read !== null ? read : {}
  } catch {
    return {}
  }
}

/** Calls a method of Slack's Web API with the token of a destination. */
export async function callSlack(
  { outbound, secrets }: Pick<Leaving, 'outbound' | 'secrets'>,
  { apiUrl, token }: Pick<Document<'slack'>, 'apiUrl' | 'token'>,
  method: 'chat.postMessage' | 'chat.update' | 'chat.postEphemeral',
  body: object,
): Promise<Delivered & { readonly error?: string }> {
  const keys = await valuesOf(secrets, [token])
  if ('kind' in keys) return keys
  const [key = ''] = keys
  const sent = await outbound.send({
    ...{ method: 'POST', url: `${apiUrl}/${method}`, body: JSON.stringify(body), confidential: keys },
    headers: { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${key}` },
  })
  const delivered = deliveredBy(outbound, sent)
  if (delivered.kind !== 'sent' || sent.kind !== 'answered') return delivered
  const { ok, error, channel, ts } = slackAnswer(sent.body)
  if (ok === true)
    return {
      kind: 'sent',
      ref: typeof channel === 'string' && typeof ts === 'string' ? `${channel}/${ts}` : null,
    }
  // Something between us and Slack has answered, or the answer was cut.
  if (typeof error !== 'string' || !/^\w{1,64}$/.test(error))
    return { kind: 'later', why: 'What came is no answer of Slack.' }
  const word = error
  const why = `Slack refused it: ${word}.`
  return passing.includes(word)
    ? { kind: 'later', why, error: word, seconds: outbound.retryAfter(sent) }
    : { kind: 'never', why, error: word }
}

async function toSlack(
  leaving: Leaving,
  document: Document<'slack'>,
  notice: Notice,
  ref: string | null,
): Promise<Delivered> {
  const message = {
    ...slackMessage(notice, leaving.apiUrl, document.signingSecret !== null),
    ...{ parse: 'none', link_names: false, unfurl_links: false, unfurl_media: false },
  }
  const [channel, ts] = ref?.split('/') ?? []
  if (channel !== undefined && ts !== undefined) {
    const edited = await callSlack(leaving, document, 'chat.update', { ...message, channel, ts })
    if (edited.kind !== 'never' || !gone.includes(edited.error ?? '')) return edited
  }
  return callSlack(leaving, document, 'chat.postMessage', { ...message, channel: document.channel })
}
