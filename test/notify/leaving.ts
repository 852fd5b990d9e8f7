import { openWebhooks } from '../../functions/executors/webhook.ts'
import type { Leaving } from '../../functions/notify/leaving.ts'
import type { OutboundCall, Sent } from '../../functions/outbound.ts'

/** Everything that leaves has a body. */
type Posted = OutboundCall & { readonly body: string }

/** An answer of another system. */
export function answered(status: number, body: object = {}, headers: Record<string, string> = {}): Sent {
  return { kind: 'answered', status, headers, body: JSON.stringify(body) }
}

/** What the secrets of tests are. */
export const secretValues: Readonly<Record<string, string>> = {
  'drydock/key': `whsec_${Buffer.alloc(32, 'key').toString('base64')}`,
  'drydock/next-key': `whsec_${Buffer.alloc(32, 'next').toString('base64')}`,
  'drydock/bot': 'xoxb-token-of-the-bot',
  'drydock/signing': '8f742231b10e8888abcd99yyyzzz85a5',
  'drydock/workflow': 'https://teams.example/workflows/1',
}

type Email = Parameters<Leaving['mail']['send']>[0]

/** Ways out that lead nowhere: what left is kept, and answered as a test says; Slack takes everything. */
export function leavingFor(now: () => number) {
  const calls: Posted[] = []
  const emails: Email[] = []
  const behaviour = {
    answer: (call: Posted): Sent =>
      call.url.startsWith('https://slack.com/')
        ? answered(200, { ok: true, channel: 'C0DEPLOYS', ts: `${calls.length}.000100` })
        : answered(200),
    refuseMail: undefined as { readonly why: string; readonly passing: boolean } | undefined,
  }
  const leaving: Leaving = {
    outbound: {
      async send(call) {
        const posted = { ...call, body: call.body ?? '' }
        calls.push(posted)
        return behaviour.answer(posted)
      },
      retryAfter: ({ headers }) =>
        headers['retry-after'] === undefined ? undefined : Number(headers['retry-after']),
    },
    secrets: {
      async read(reference) {
        const value = secretValues[reference]
        return value === undefined
          ? { kind: 'unavailable', why: `The secret ${reference} cannot be read.` }
          : { kind: 'secret', value }
      },
    },
    webhooks: openWebhooks(),
    mail: {
      async send(email) {
        if (behaviour.refuseMail) return behaviour.refuseMail
        emails.push(email)
        return undefined
      },
    },
    apiUrl: 'https://drydock.example',
    now,
  }
  return { ...leaving, calls, emails, behaviour }
}
