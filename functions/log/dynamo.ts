import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb'
import { type Commit, fromItem, toItem } from '../../events/envelope.ts'
import { catalogueIndex } from '../environment.ts'
import { isPutOff } from '../errors.ts'
import { type LogOptions, logOver } from './append.ts'
import type { Log } from './log.ts'
import { readUnits, sizeOf, writeUnits } from './size.ts'
import type { Put, Store } from './store.ts'
import { WarmFolds } from './warm-folds.ts'

/** Keeps commits in a DynamoDB table: `stream` HASH, `commit` RANGE, sparse index Catalogue on `category` and `since`. */
export function dynamoStore({
  client,
  table,
}: {
  readonly client: DynamoDBClient
  readonly table: string
}): Store {
  return {
    async put(commit) {
      try {
        const { ConsumedCapacity } = await client.send(
          new PutItemCommand({
            TableName: table,
            Item: toItem(commit),
            // The name is aliased because STREAM is a reserved word of DynamoDB's expressions.
            ConditionExpression: 'attribute_not_exists(#stream)',
            ExpressionAttributeNames: { '#stream': 'stream' },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            ReturnConsumedCapacity: 'TOTAL',
          }),
        )
        return { kind: 'stored', units: ConsumedCapacity?.CapacityUnits ?? writeUnits(sizeOf(commit)) }
      } catch (error) {
        return failedPut(commit, error)
      }
    },
    async read({ stream, from, to, descending, limit, consistent }) {
      const { Items, LastEvaluatedKey, ConsumedCapacity } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: '#stream = :stream AND #commit BETWEEN :from AND :to',
          ExpressionAttributeNames: { '#stream': 'stream', '#commit': 'commit' },
          ExpressionAttributeValues: {
            ':stream': { S: stream },
            ':from': { N: String(from) },
            ':to': { N: String(to) },
          },
          ScanIndexForward: !descending,
          ConsistentRead: consistent,
          ReturnConsumedCapacity: 'TOTAL',
          ...(limit !== undefined && { Limit: limit }),
        }),
      )
      const commits = (Items ?? []).map(fromItem)
      return {
        commits,
        more: LastEvaluatedKey !== undefined,
        units: ConsumedCapacity?.CapacityUnits ?? readUnits(0, consistent),
      }
    },
    async *list(category, spend, after) {
      // Where a page of the index ends is named by the keys of the index and of the table; only first commits are listed.
      let start: QueryCommandInput['ExclusiveStartKey'] = after && {
        ...{ category: { S: category }, since: { S: after.since } },
        ...{ stream: { S: after.stream }, commit: { N: '1' } },
      }
      do {
        const { Items, LastEvaluatedKey, ConsumedCapacity } = await client.send(
          new QueryCommand({
            TableName: table,
            IndexName: catalogueIndex,
            KeyConditionExpression: 'category = :category',
            ExpressionAttributeValues: { ':category': { S: category } },
            ReturnConsumedCapacity: 'TOTAL',
            ...(start !== undefined && { ExclusiveStartKey: start }),
          }),
        )
        spend(ConsumedCapacity?.CapacityUnits ?? readUnits(0, false))
        for (const { stream, since } of Items ?? []) {
          if (stream?.S !== undefined && since?.S !== undefined) yield { stream: stream.S, since: since.S }
        }
        start = LastEvaluatedKey
      } while (start !== undefined)
    },
  }
}

function failedPut(commit: Commit, error: unknown): Put {
  if (error instanceof ConditionalCheckFailedException && error.Item !== undefined) {
    const by = fromItem(error.Item)
    // DynamoDB does not report what a failed condition costs: it charges the larger of the two items.
    return { kind: 'taken', by, units: writeUnits(Math.max(sizeOf(commit), sizeOf(by))) }
  }
  if (!(error instanceof Error)) throw error
  const { fault, attempts } = faultOf(error)
  // The client sends again by itself: of several sendings only the last is known to have been refused.
  if (isPutOff(error)) return { kind: attempts > 1 ? 'unknown' : 'refused', error }
  if (fault === 'client') throw error
  return { kind: 'unknown', error }
}

function faultOf(error: Error): { readonly fault?: unknown; readonly attempts: number } {
  const metadata = '$metadata' in error ? error.$metadata : undefined
  const attempts =
    typeof metadata === 'object' && metadata !== null && 'attempts' in metadata
      ? Number(metadata.attempts)
      : 1
  return { ...('$fault' in error && { fault: error.$fault }), attempts }
}

/** So many bytes of folds are kept by a process: some thousand targets, or a few hundred upgrades. */
const warmBytes = 8 * 1024 * 1024

/** Opens the log on a DynamoDB table. */
export function openLog(
  options: LogOptions & { readonly client: DynamoDBClient; readonly table: string },
): Log {
  return logOver(dynamoStore(options), { warm: new WarmFolds(warmBytes), ...options })
}
