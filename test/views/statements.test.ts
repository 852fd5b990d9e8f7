import {
  BatchExecuteStatementCommand,
  BatchGetItemCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { ReadsPutOff } from '../../functions/read-items.ts'
import { openViewStore } from '../../functions/views/dynamo.ts'

const dynamo = mockClient(DynamoDBClient)
const store = openViewStore({ client: new DynamoDBClient({ region: 'eu-central-1' }), table: 'Views' })
const rowOf = (row: string) => ({ view: 'v1/targets', row, version: 1, commit: 1, body: '{}' })
const writes = ['a', 'b', 'c'].map((row) => ({ row: rowOf(row), expected: undefined }))

describe('what DynamoDB may answer to many rows at once', () => {
  beforeEach(() => dynamo.reset())

  it('tells a row that is throttled from those that are stored, and from one that somebody else has written', async () => {
    const item = { view: { S: 'v1/targets' }, row: { S: 'c' }, version: { N: '4' }, commit: { N: '9' } }
    dynamo.on(BatchExecuteStatementCommand).resolves({
      Responses: [
        { TableName: 'Views' },
        { TableName: 'Views', Error: { Code: 'ThrottlingError', Message: 'slow down' } },
        {
          TableName: 'Views',
          Error: { Code: 'ConditionalCheckFailed', Item: { ...item, body: { S: '{"n":4}' } } },
        },
      ],
    })
    expect(await store.putMany(writes)).toMatchObject([
      { status: 'fulfilled', value: { stored: true } },
      { status: 'rejected', reason: { message: 'slow down' } },
      { status: 'fulfilled', value: { stored: false, present: { row: 'c', version: 4, body: '{"n":4}' } } },
    ])
  })

  it('writes a row by itself where its statement is refused as invalid', async () => {
    dynamo.on(BatchExecuteStatementCommand).resolves({
      Responses: writes.map(() => ({ TableName: 'Views', Error: { Code: 'ValidationError' } })),
    })
    dynamo.on(PutItemCommand).resolves({})
    expect(await store.putMany(writes)).toEqual(
      writes.map(() => ({ status: 'fulfilled', value: { stored: true } })),
    )
    expect(dynamo.commandCalls(PutItemCommand)).toHaveLength(3)
  })

  it('knows of none of the rows what became of them when the request failed', async () => {
    const lost = Object.assign(new Error('socket hang up'), { name: 'TimeoutError' })
    dynamo.on(BatchExecuteStatementCommand).rejects(lost)
    expect(await store.putMany(writes)).toMatchObject(
      writes.map(() => ({ status: 'rejected', reason: lost })),
    )
  })

  it('asks again for rows whose reading DynamoDB put off, and gives up when it keeps doing so', async () => {
    const keys = writes.map(({ row }) => row)
    const item = (row: string) => ({
      view: { S: 'v1/targets' },
      row: { S: row },
      version: { N: '1' },
      commit: { N: '1' },
      body: { S: '{}' },
    })
    const later = { Views: { Keys: [{ view: { S: 'v1/targets' }, row: { S: 'b' } }] } }
    dynamo
      .on(BatchGetItemCommand)
      .resolvesOnce({ Responses: { Views: [item('c'), item('a')] }, UnprocessedKeys: later })
      .resolves({ Responses: { Views: [item('b')] } })
    expect(await store.getMany(keys)).toEqual(keys)
    dynamo.on(BatchGetItemCommand).resolves({ UnprocessedKeys: later })
    await expect(store.getMany(keys)).rejects.toBeInstanceOf(ReadsPutOff)
  })
})
