import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { Direction } from '../../events/target.ts'
import { second } from '../../events/time.ts'
import type { Capability } from '../capability.ts'

/** The step that a callback ends: of one attempt on one target, at one place of its way. */
export interface CalledBack {
  readonly target: string
  readonly attempt: string
  readonly direction: Direction
  readonly place: number
  readonly step: string
}

/** What is kept of the capabilities that went out with messages. Losing one costs its callback: the step is over by a person's word, or when its time is. */
export interface Callbacks {
  /** Keeps one, before anybody gets its text. */
  keep(callback: Capability<CalledBack>): Promise<void>
  /** Finds one by its hash, read strongly: whoever got the text may call back at once. */
  find(hash: string): Promise<Capability<CalledBack> | undefined>
}

/** What the partition keys of these rows begin with, by which who reads them is kept from all others. */
const prefix = 'callbacks#'

/** Rows are kept a little longer than they are good for, in seconds. */
const margin = 3600

function key(hash: string) {
  return { item: { S: `${prefix}${hash}` }, detail: { S: 'capability' } }
}

/** Opens them in the table `Work`. */
export function openCallbacks({
  client,
  table,
}: {
  readonly client: DynamoDBClient
  readonly table: string
}): Callbacks {
  return {
    async keep({ hash, subject, expiresAt }) {
      const expires = Math.ceil(Date.parse(expiresAt) / second) + margin
      const Item = {
        ...key(hash),
        ...{ subject: { S: JSON.stringify(subject) }, expiresAt: { S: expiresAt } },
        expires: { N: String(expires) },
      }
      await client.send(new PutItemCommand({ TableName: table, Item }))
    },
    async find(hash) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, ConsistentRead: true, Key: key(hash) }),
      )
      if (Item?.subject?.S === undefined || Item.expiresAt?.S === undefined) return undefined
      const subject = JSON.parse(Item.subject.S) as CalledBack // as it was kept
      return { hash, subject, expiresAt: Item.expiresAt.S }
    },
  }
}

/** The twin in memory. */
export function memoryCallbacks(): Callbacks {
  const all = new Map<string, Capability<CalledBack>>()
  return {
    async keep(callback) {
      all.set(callback.hash, callback)
    },
    find: async (hash) => all.get(hash),
  }
}
