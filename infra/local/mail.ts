import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import * as z from 'zod'
import { dataFile } from './data-files.ts'
import { arn } from './template/types/type.ts'

/** Amazon SES, as far as it is asked to send here: what is sent is kept, a line each, and leaves for nobody. */
export interface MailOfMachine {
  /** Answers a call of the API v2; throws {type, message}. */
  request(method: string, path: string, body: unknown): unknown
}

/** The one identity from which this machine sends: every address of the domain. */
const mailDomain = 'drydock.local'
export const mailIdentity = arn('ses', `identity/${mailDomain}`)

/** What the path of everything that SES is asked for here begins with. */
export const mailPath = '/v2/email/'

const content = z.strictObject({ Data: z.string(), Charset: z.literal('UTF-8') })
const sent = z.strictObject({
  FromEmailAddress: z.string(),
  Destination: z.strictObject({ ToAddresses: z.array(z.string()).min(1).max(50) }),
  Content: z.strictObject({
    Simple: z.strictObject({
      Subject: content.extend({ Data: z.string().regex(/^[^\r\n]*$/) }),
      Body: z.strictObject({ Text: content, Html: content }),
    }),
  }),
})

/** Returns the ARN of the identity that is asked for by an address: its domain. */
export function identityOf(address: unknown): string {
  return arn('ses', `identity/${String(address).split('@').at(-1)}`)
}

/** Opens it on a file of the data directory. */
export function openMailOfMachine(data: string): MailOfMachine {
  return {
    request(method, path, body) {
      if (method !== 'POST' || path !== `${mailPath}outbound-emails`)
        throw Object.assign(new Error(`One machine does not know ${method} ${path}.`), {
          type: 'NotFoundException',
        })
      const read = sent.safeParse(body)
      if (!read.success)
        throw Object.assign(new Error(z.prettifyError(read.error)), { type: 'BadRequestException' })
      const MessageId = randomUUID()
      const { FromEmailAddress: from, Destination, Content } = read.data
      const { Subject, Body } = Content.Simple
      const line = {
        ...{ id: MessageId, from, to: Destination.ToAddresses, subject: Subject.Data },
        ...{ text: Body.Text.Data, html: Body.Html.Data },
      }
      appendFileSync(dataFile(data, 'mail.jsonl'), `${JSON.stringify(line)}\n`)
      return { MessageId }
    },
  }
}
