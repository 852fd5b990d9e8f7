import {
  DynamoDBClient,
  ProvisionedThroughputExceededException,
  PutItemCommand,
  QueryCommand,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { toItem } from '../../events/envelope.ts'
import { openLog } from '../../functions/log/dynamo.ts'
import { memoryLog } from '../../functions/log/memory.ts'
import { account, deposit, metadata } from './account.ts'
import { collect } from './collect.ts'

const conflict = new TransactionConflictException({ message: 'conflict', $metadata: { attempts: 1 } })
const throttled = (attempts: number) =>
  new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: { attempts } })

describe('the log on a DynamoDB that refuses', () => {
  const client = new DynamoDBClient({ region: 'eu-central-1' })
  const dynamo = mockClient(client)
  const waits: number[] = []
  const options = {
    client,
    table: 'Log',
    now: () => 0,
    random: () => 1,
    pause: async (milliseconds: number) => waits.push(milliseconds),
  }

  beforeEach(() => {
    dynamo.reset()
    waits.length = 0
    dynamo.on(QueryCommand).resolves({ Items: [] })
  })

  it.each([
    ['a transaction conflict', conflict],
    ['throttling', throttled(1)],
  ])('sends the same commit again after %s', async (_, error) => {
    dynamo.on(PutItemCommand).rejectsOnce(error).resolves({})
    expect(await openLog(options).execute(account, 'a', deposit(1), metadata)).toMatchObject({
      kind: 'committed',
    })
    const [first, second] = dynamo.commandCalls(PutItemCommand).map(({ args }) => args[0].input.Item)
    expect(second).toEqual(first)
  })

  it('says contended after a few growing waits, or as long as it is told to go on', async () => {
    dynamo.on(PutItemCommand).rejects(conflict)
    expect(await openLog(options).execute(account, 'a', deposit(1), metadata)).toEqual({ kind: 'contended' })
    expect(waits).toEqual([10, 20, 40, 80, 160])
    waits.length = 0
    await openLog(options).execute(account, 'a', deposit(1), metadata, { retryFor: 5000 })
    const waited = waits.reduce((sum, wait) => sum + wait, 0)
    expect(waited).toBeGreaterThanOrEqual(5000)
    expect(waited).toBeLessThan(5200)
  })

  it('does not say contended when an earlier sending may have been written', async () => {
    dynamo.on(PutItemCommand).rejects(throttled(3))
    await expect(openLog(options).execute(account, 'a', deposit(1), metadata)).rejects.toThrow('slow down')
  })

  it('does not say contended when a lost answer is followed by refusals', async () => {
    dynamo.on(PutItemCommand).rejectsOnce(new Error('socket hang up')).rejects(throttled(1))
    await expect(openLog(options).execute(account, 'a', deposit(1), metadata)).rejects.toThrow(
      'socket hang up',
    )
  })

  it('fails at once on an error that another try cannot mend', async () => {
    const denied = Object.assign(new Error('not allowed'), {
      name: 'AccessDeniedException',
      $fault: 'client',
    })
    dynamo.on(PutItemCommand).rejects(denied)
    await expect(openLog(options).execute(account, 'a', deposit(1), metadata)).rejects.toThrow('not allowed')
    expect(waits).toEqual([])
  })

  it('reads a stream page by page, going on after the last commit it was given', async () => {
    const source = memoryLog({ now: () => 0 })
    for (let n = 0; n < 5; n++) await source.execute(account, 'a', deposit(1), metadata)
    const items = (await collect(source.commits('account#a'))).map(toItem)
    dynamo.reset()
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: items.slice(0, 3), LastEvaluatedKey: { stream: { S: 'account#a' } } })
      .resolvesOnce({ Items: items.slice(3) })
    expect(await collect(openLog(options).commits('account#a'))).toHaveLength(5)
    expect(dynamo.commandCalls(QueryCommand)[1]?.args[0].input.ExpressionAttributeValues).toMatchObject({
      ':from': { N: '4' },
    })
  })
})
