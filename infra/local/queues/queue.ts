import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../clock.ts'

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
}

const fourDays = 4 * 86_400

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
  const retention = new Map<string, number>()

  const known = (arn: string): number => {
    const seconds = retention.get(arn)
    if (seconds === undefined) throw new Error(`The queue ${arn} is not in the template.`)
    return seconds
  }

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
      forget.run(arn, clock.now() - known(arn) * 1000)
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
  }
}
