import type { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb'
import { expect, test } from 'vitest'
import { dynamoStore } from '../../functions/log/dynamo.ts'

test('the Catalogue is listed to its last page, each from where the one before ended', async () => {
  const pages = [['a', 'b'], [], ['c']]
  const starts: unknown[] = []
  const send = async ({ input }: QueryCommand) => {
    starts.push(input.ExclusiveStartKey)
    const page = pages[starts.length - 1] ?? []
    return {
      Items: page.map((stream) => ({ stream: { S: stream }, since: { S: '2026' } })),
      ...(starts.length < pages.length && { LastEvaluatedKey: { page: { N: `${starts.length}` } } }),
    }
  }
  const client = { send } as unknown as DynamoDBClient // the store calls nothing but `send`
  const found = await Array.fromAsync(dynamoStore({ client, table: 'Log' }).list('target#00', () => {}))
  expect(found.map(({ stream }) => stream)).toEqual(['a', 'b', 'c'])
  expect(starts).toEqual([undefined, { page: { N: '1' } }, { page: { N: '2' } }])
})
