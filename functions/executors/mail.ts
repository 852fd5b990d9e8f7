import * as z from 'zod'
import type { Send } from '../aws-send.ts'

/** An e-mail, in plain text and in HTML. */
export interface MailMessage {
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Sends e-mails by Amazon SES. */
export interface Mail {
  /** Returns why it was not taken; undefined: it was. `passing`: it may be taken later. */
  send(message: MailMessage): Promise<{ readonly why: string; readonly passing: boolean } | undefined>
}

const fault = z.object({ message: z.string().optional(), Message: z.string().optional() })

function wordsIn(text: string): string {
  try {
    const { message, Message } = fault.parse(JSON.parse(text))
    return message ?? Message ?? 'it gave no reason'
  } catch {
    return 'it gave no reason'
  }
}

/** Opens SES (its API v2, "SendEmail"), which `ask` asks. */
export function openMail(ask: Send): Mail {
  const utf8 = (Data: string) => ({ Data, Charset: 'UTF-8' })
  return {
    async send({ from, to, subject, text, html }) {
      const body = JSON.stringify({
        FromEmailAddress: from,
        Destination: { ToAddresses: to },
        Content: { Simple: { Subject: utf8(subject), Body: { Text: utf8(text), Html: utf8(html) } } },
      })
      const headers = { 'content-type': 'application/json' }
      const asked = { method: 'POST', path: 'v2/email/outbound-emails', headers, body } as const
      const answered = await ask(asked).catch(() => undefined)
      if (!answered) return { why: 'SES did not answer.', passing: true }
      const { status, text: said } = answered
      if (status >= 200 && status < 300) return undefined
      const why = `SES answered with ${status}: ${wordsIn(said)}`
      return { why, passing: status === 429 || status >= 500 }
    },
  }
}
