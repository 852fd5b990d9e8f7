import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb'
import { whereItHolds } from './rows.ts'

/** Which wait of which execution a token belongs to. */
export interface Wait {
  /** The stream that says when it is over. */
  readonly stream: string
  readonly generation: number
  readonly move: string
  readonly place: number
}

export interface StoredToken extends Wait {
  readonly token: string
}

/** The tokens of executions that wait. They are secrets: they live here and nowhere else, and losing them costs latency only. */
export interface Tokens {
  /** Keeps the token of a wait; the token of a repeated task takes the place of the one before. */
  store(token: StoredToken, lifetimeSeconds: number): Promise<void>
  /** Returns the tokens of the executions that wait for a stream, read strongly. */
  list(stream: string): Promise<StoredToken[]>
  /** Forgets a token, unless the wait has another by now. */
  remove(token: StoredToken): Promise<void>
}

function itemOf(stream: string) {
  return { S: `tokens#${stream}` }
}

function key({ stream, generation, move, place }: Wait) {
  return { item: itemOf(stream), detail: { S: `${generation}/${move}/${place}` } }
}

/** Opens the tokens in the table `Work`; `now` is in milliseconds since the epoch. */
export function openTokens({
  client,
  table,
  now,
}: {
  client: DynamoDBClient
  table: string
  now: () => number
}): Tokens {
  return {
    async store(stored, lifetimeSeconds) {
      const expires = String(Math.ceil(now() / 1000) + lifetimeSeconds)
      const Item = { ...key(stored), token: { S: stored.token }, expires: { N: expires } }
      await client.send(new PutItemCommand({ TableName: table, Item }))
    },
    async list(stream) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: '#item = :item',
          ExpressionAttributeNames: { '#item': 'item' },
          ExpressionAttributeValues: { ':item': itemOf(stream) },
        }),
      )
      return Items.flatMap((item) => {
        const [generation, move, place] = (item.detail?.S ?? '').split('/')
        const token = item.token?.S
        if (token === undefined || move === undefined) return []
        return [{ stream, generation: Number(generation), move, place: Number(place), token }]
      })
    },
    async remove(stored) {
      await whereItHolds(
        client.send(
          new DeleteItemCommand({
            TableName: table,
            Key: key(stored),
            ConditionExpression: '#token = :token',
            ExpressionAttributeNames: { '#token': 'token' },
            ExpressionAttributeValues: { ':token': { S: stored.token } },
          }),
        ),
      )
    },
  }
}
