import { randomBytes } from 'node:crypto'
import type { StepWebhook } from '../../../events/procedure.ts'
import { instantOf } from '../../../events/time.ts'
import { mintCapability } from '../../capability.ts'
import type { Values } from '../../domain/procedure/expression.ts'
import { type Invitation, renderMessage, secretsOfMessage } from '../../domain/procedure/message.ts'
import type { OutboundCall } from '../../outbound.ts'
import type { Callbacks, CalledBack } from '../../work/procedure-callbacks.ts'
import { type Answered, type Calling, Hidden, impossible, understood } from './call.ts'

/** Signs messages as Standard Webhooks has it. */
export interface Webhooks {
  /** Is it a secret by which messages are signed? */
  isSecret(text: string): boolean
  /** Returns the call that brings a message, signed by each of the secrets; `at` is in milliseconds since the epoch. */
  call(
    url: string,
    message: { readonly id: string; readonly at: number; readonly body: string },
    secrets: readonly string[],
  ): Pick<OutboundCall, 'method' | 'url' | 'headers'> & { readonly body: string }
}

/** What messages are sent with. */
export interface Messaging extends Calling {
  readonly webhooks: Webhooks
  readonly callbacks: Pick<Callbacks, 'keep'>
  /** Where receivers reach the API. */
  readonly apiUrl: string
}

/** One try of a step, as its message tells of it. */
export interface MessageTry {
  readonly webhook: StepWebhook
  readonly values: Partial<Values>
  /** The same for each try of one step, so that its receiver may know it again. */
  readonly id: string
  readonly step: CalledBack
  /** Until when the receiver may call back. */
  readonly deadline: string
  /** Is more of the receiver's answer needed than that the message was taken? */
  readonly reads: boolean
}

const taken = { status: null, where: null } as const

/**
 * Brings a message once, and says what it came to. Where its receiver is to call back, the capability for that is kept before the message leaves; its text is
 * in the message and nowhere else.
 */
export async function sendMessage(messaging: Messaging, tried: MessageTry): Promise<Answered> {
  const { outbound, secrets, webhooks, now } = messaging
  const { webhook, values, id, step, reads } = tried
  let hidden = new Hidden()
  try {
    hidden = await Hidden.of(secrets, secretsOfMessage(webhook))
    const keys = [...hidden.values.values()]
    if (!keys.every((key) => webhooks.isSecret(key)))
      return {
        ...{ kind: 'impossible', code: 'WEBHOOK_SECRET' },
        words: 'A secret of a webhook is whsec_ and 24 to 64 bytes in base64.',
      }
    const callback = webhook.callback ? await invite(messaging, tried) : undefined
    const at = now()
    const { url, text: body } = renderMessage(webhook, values, { ...step, at: instantOf(at) }, callback)
    const call = webhooks.call(url, { id, at, body }, keys)
    const confidential = callback ? [...keys, callback.token] : keys
    const sent = await outbound.send({ ...call, timeoutSeconds: webhook.seconds, confidential })
    return understood(outbound, sent, taken, { values, reads }, hidden)
  } catch (error) {
    return impossible(error, hidden)
  }
}

/** Returns how the receiver calls back. What it may do by that is kept. */
async function invite({ callbacks, apiUrl }: Messaging, { step, deadline }: MessageTry): Promise<Invitation> {
  const { text, kept } = mintCapability(step, deadline, randomBytes(32))
  await callbacks.keep(kept)
  return { url: `${apiUrl}/api/v1/callbacks`, token: text, expiresAt: deadline }
}
