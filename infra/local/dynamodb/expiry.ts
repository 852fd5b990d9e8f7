import type { Clock } from '../clock.ts'
import { isRecord } from '../template/shapes.ts'
import { DynamoError, type DynamoRequest } from './request.ts'
import type { StreamRecords } from './stream-records.ts'
import type { Table } from './tables.ts'

const atOnce = 200

/**
 * Deletes the items of a table whose time to live is over on the clock, which dynoxide never does; returns how many.
 * Each is deleted only if it is still expired, so that one which was renewed meanwhile stays.
 */
export async function deleteExpired(options: {
  readonly table: Table
  readonly clock: Clock
  readonly records: StreamRecords
  readonly request: DynamoRequest
}): Promise<number> {
  const { table, clock, records, request } = options
  if (table.timeToLive === undefined) return 0
  const now = Math.floor(clock.now() / 1000)
  let deleted = 0
  for (const json of records.expired(table.name, table.timeToLive, now, atOnce)) {
    const item: unknown = JSON.parse(json)
    if (!isRecord(item)) continue
    const names = [table.partitionKey, ...(table.sortKey === undefined ? [] : [table.sortKey])]
    try {
      await request('DynamoDB_20120810.DeleteItem', {
        TableName: table.name,
        Key: Object.fromEntries(names.map((name) => [name, item[name]])),
        ConditionExpression: '#expires < :now',
        ExpressionAttributeNames: { '#expires': table.timeToLive },
        ExpressionAttributeValues: { ':now': { N: String(now) } },
      })
      deleted += 1
    } catch (error) {
      if (!(error instanceof DynamoError && error.name === 'ConditionalCheckFailedException')) throw error
    }
  }
  return deleted
}
