import { type AttributeValue, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { day } from '../../events/time.ts'
import type { Severity } from '../../events/words.ts'
import { messagesPrefix } from './messages.ts'
import { pagesOf, type WorkRow } from './rows.ts'

/** What people find in the console, and programs in the API, until it is seven days old. */
export interface Notification {
  /** The same for the same event, however often it comes. It sorts by when the event was decided. */
  readonly id: string
  readonly severity: Severity
  readonly title: string
  readonly description: string
  /** The version that it is about; null: none. */
  readonly version: string | null
  /** A path below the address of the API. */
  readonly link: string
  /** What whoever reads it may want to do. */
  readonly actions: readonly ('approve' | 'learn-more')[]
  /** ISO instants. */
  readonly at: string
  readonly expiresAt: string
}

/** What everybody is told, and who has put away what of it. */
export interface Inbox {
  /** Puts one in; the same id again takes its place. */
  put(notification: Omit<Notification, 'expiresAt'>): Promise<void>
  /** Returns those that are not over, the newest first, before an id. */
  list(most: number, before?: string): Promise<readonly Notification[]>
  /** Has somebody see one no more. Whatever the id is: nothing that comes later has it. */
  dismiss(person: string, id: string): Promise<void>
  /** Returns which somebody has put away. */
  dismissed(person: string): Promise<ReadonlySet<string>>
}

/** M12: seven days. */
const kept = 7 * day

const all = `${messagesPrefix}inbox`
const dismissedBy = (person: string) => `${messagesPrefix}dismissed#${person}`

function withEnd(notification: Omit<Notification, 'expiresAt'>): Notification {
  return { ...notification, expiresAt: new Date(Date.parse(notification.at) + kept).toISOString() }
}

/** Keeps them in the table `Work`; `now` is in milliseconds since the epoch. */
export function openInbox({
  client,
  table: TableName,
  now,
}: {
  readonly client: DynamoDBClient
  readonly table: string
  now(): number
}): Inbox {
  const seconds = (at: number): AttributeValue => ({ N: String(Math.ceil(at / 1000)) })

  async function query(item: string, before: string | undefined, most: number) {
    const found: WorkRow[] = []
    const query = {
      ...{ ScanIndexForward: false, Limit: most },
      ...(before !== undefined && {
        details: '#detail < :before',
        ExpressionAttributeNames: { '#detail': 'detail' },
        ExpressionAttributeValues: { ':before': { S: before } },
      }),
    }
    for await (const page of pagesOf({ client, table: TableName }, item, query)) {
      found.push(...page)
      if (found.length >= most) break
    }
    // DynamoDB may keep a row for days after its time.
    return found.slice(0, most).filter(({ expires }) => Number(expires?.N) * 1000 > now())
  }

  return {
    async put(notification) {
      const whole = withEnd(notification)
      const Item = {
        ...{ item: { S: all }, detail: { S: whole.id }, body: { S: JSON.stringify(whole) } },
        expires: seconds(Date.parse(whole.expiresAt)),
      }
      await client.send(new PutItemCommand({ TableName, Item }))
    },
    async list(most, before) {
      const rows = await query(all, before, most)
      return rows.map(({ body }) => JSON.parse(body?.S ?? '{}') as Notification) // as put() wrote it
    },
    async dismiss(person, id) {
      const Item = { item: { S: dismissedBy(person) }, detail: { S: id }, expires: seconds(now() + kept) }
      await client.send(new PutItemCommand({ TableName, Item }))
    },
    async dismissed(person) {
      const rows = await query(dismissedBy(person), undefined, 10_000)
      return new Set(rows.map(({ detail }) => detail?.S ?? ''))
    },
  }
}

/** Keeps them in memory. */
export function memoryInbox(now: () => number): Inbox {
  const notifications = new Map<string, Notification>()
  const putAway = new Map<string, Set<string>>()
  return {
    async put(notification) {
      notifications.set(notification.id, withEnd(notification))
    },
    async list(most, before) {
      const present = [...notifications.values()].filter(
        ({ id, expiresAt }) => Date.parse(expiresAt) > now() && (before === undefined || id < before),
      )
      return present.sort((left, right) => (left.id < right.id ? 1 : -1)).slice(0, most)
    },
    async dismiss(person, id) {
      putAway.set(person, (putAway.get(person) ?? new Set()).add(id))
    },
    dismissed: async (person) => new Set(putAway.get(person)),
  }
}
