import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import * as z from 'zod'
import type { Clock } from '../clock.ts'
import { arn as arnOf, queueUrls } from '../template/types/type.ts'

/** A message of a queue. */
export interface Message {
  readonly id: string
  /** The body as text, as SQS keeps it; JSON for everything that a dead-letter queue gets. */
  readonly body: string
  readonly attributes: Readonly<Record<string, string>>
  /** The instant on the clock at which it was sent. */
  readonly sentAt: number
}

/** The little of SQS that dead letters need. Messages are durable before `send` returns. */
export interface Queues {
  /** Declares a queue; `retentionSeconds` is 4 days when the template does not say. */
  create(arn: string, retentionSeconds?: number): void
  has(arn: string): boolean
  send(arn: string, body: unknown, attributes?: Readonly<Record<string, string>>): void
  /** The messages of a queue, oldest first, without those whose retention is over. */
  list(arn: string): readonly Message[]
  /** Removes one message, once somebody has dealt with it. */
  remove(arn: string, messageId: string): void
  /** Answers one call of the API, as far as it is asked here; throws {type, message}. */
  request(operation: string, input: unknown): unknown
}

const fourDays = 4 * 86_400

const asked = z.strictObject({
  QueueUrl: z.string().max(2048),
  AttributeNames: z
    .array(z.enum(['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']))
    .min(1)
    .max(20),
})

/** Returns which queue of this machine an URL names; undefined: none. */
export function queueArn(url: unknown): string | undefined {
  if (typeof url !== 'string' || !url.startsWith(queueUrls)) return undefined
  return arnOf('sqs', url.slice(queueUrls.length))
}

function fault(type: string, message: string): Error {
  return Object.assign(new Error(message), { type })
}

/** Opens the queues in a database. Sending to a queue that was not declared throws an error that names it. */
export function openQueues(database: DatabaseSync, clock: Clock): Queues {
  database.exec(`CREATE TABLE IF NOT EXISTS messages (
    position INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, id TEXT NOT NULL,
    body TEXT NOT NULL, attributes TEXT NOT NULL, sentAt REAL NOT NULL
  ) STRICT; CREATE INDEX IF NOT EXISTS messages_by_queue ON messages (queue, position)`)
  const insert = database.prepare(
    'INSERT INTO messages (queue, id, body, attributes, sentAt) VALUES (?, ?, ?, ?, ?)',
  )
  const forget = database.prepare('DELETE FROM messages WHERE queue = ? AND sentAt < ?')
  const select = database.prepare(
    'SELECT id, body, attributes, sentAt FROM messages WHERE queue = ? ORDER BY position',
  )
  const remove = database.prepare('DELETE FROM messages WHERE queue = ? AND id = ?')
  const count = database.prepare('SELECT count(*) AS count FROM messages WHERE queue = ?')
  const retention = new Map<string, number>()

  const known = (arn: string): number => {
    const seconds = retention.get(arn)
    if (seconds === undefined) throw new Error(`The queue ${arn} is not in the template.`)
    return seconds
  }

  const forgetOld = (arn: string) => forget.run(arn, clock.now() - known(arn) * 1000)

  return {
    has: (arn) => retention.has(arn),
    create: (arn, retentionSeconds = fourDays) => void retention.set(arn, retentionSeconds),
    send(arn, body, attributes = {}) {
      known(arn)
      insert.run(
        arn,
        randomUUID(),
        typeof body === 'string' ? body : JSON.stringify(body),
        JSON.stringify(attributes),
        clock.now(),
      )
    },
    list(arn) {
      forgetOld(arn)
      return select.all(arn).map(({ id, body, attributes, sentAt }) => ({
        id: String(id),
        body: String(body),
        attributes: JSON.parse(String(attributes)) as Record<string, string>, // written by send()
        sentAt: Number(sentAt),
      }))
    },
    remove(arn, messageId) {
      known(arn)
      remove.run(arn, messageId)
    },
    request(operation, input) {
      if (operation !== 'GetQueueAttributes')
        throw fault('UnknownOperationException', `One machine does not ${operation} with queues.`)
      const request = asked.safeParse(input)
      if (!request.success) throw fault('InvalidParameterValue', z.prettifyError(request.error))
      const { QueueUrl, AttributeNames } = request.data
      const arn = queueArn(QueueUrl)
      if (arn === undefined || !retention.has(arn))
        throw fault('QueueDoesNotExist', `No queue of the template is ${QueueUrl}.`)
      forgetOld(arn)
      const held = {
        ApproximateNumberOfMessages: String(count.get(arn)?.count),
        // Nobody receives messages here.
        ApproximateNumberOfMessagesNotVisible: '0',
      }
      return { Attributes: Object.fromEntries(AttributeNames.map((name) => [name, held[name]])) }
    },
  }
}
