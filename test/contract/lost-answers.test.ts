import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLog } from '../../functions/log/dynamo.ts'
import { account, deposit, metadata } from '../log/account.ts'
import { collect } from '../log/collect.ts'
import type { Dynamo } from './child.ts'
import { startDynamo } from './dynoxide.ts'

describe('a write whose answer is lost on the way back', () => {
  let dynamo: Dynamo
  beforeAll(async () => {
    dynamo = await startDynamo()
    await dynamo.createTables()
  })
  afterAll(() => dynamo?.stop())

  it('is sent again by the client, recognised as its own, and stored once', async () => {
    const client = new DynamoDBClient({
      endpoint: dynamo.endpoint,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    })
    let lost = 0
    // Nearest to the wire: the table has written, the client's own retries see a broken connection.
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (request) => {
          const answer = await next(request)
          if (commandName === 'PutItemCommand' && lost < 1) {
            lost += 1
            throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', name: 'TimeoutError' })
          }
          return answer
        },
      { step: 'deserialize', priority: 'low' },
    )
    const log = openLog({ client, table: 'Log', now: () => 0 })
    const outcome = await log.execute(account, 'a', deposit(5), metadata)
    client.destroy()
    expect(lost).toBe(1)
    expect(outcome).toMatchObject({ kind: 'committed', loaded: { commit: 1, state: { cents: 5 } } })
    const reader = openLog({ client: dynamo.client, table: 'Log', now: () => 0 })
    expect(await collect(reader.commits('account#a'))).toHaveLength(1)
    // Both sendings were charged: one as written, the one that met its own commit as lost.
    expect(log.consumed()).toMatchObject({ written: 1, lost: 1 })
  })
})
