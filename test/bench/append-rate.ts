import { randomUUID } from 'node:crypto'
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { type Commit, toItem } from '../../events/envelope.ts'
import type { Aggregate } from '../../functions/domain/aggregate.ts'
import { dynamoStore, openLog } from '../../functions/log/dynamo.ts'
import { emptyFold } from '../../functions/log/fold.ts'
import { nextCommit } from '../../functions/log/next-commit.ts'
import { type Account, type AccountEvent, accountWith, deposit, metadata } from '../log/account.ts'

/** Writes a second, one after another, in one round. */
export interface AppendRate {
  /** Raw conditional Puts of the same items, made beforehand. */
  readonly raw: number
  /** Appends by the log: events to commit, fold, hash, conditional Put. */
  readonly append: number
  /** Whole commands on a stream that is 10 commits long at the start of a turn: strong load, decision, append. */
  readonly command: number
  /** Whole commands on a stream that is `depth` commits long at the start. */
  readonly deep: number
}

const inTurn = 25
/** The kinds take turns in a round, so that a slow moment of the machine falls on all alike. */
const turns = 4

/** Measures writes of each kind in rounds; the first round, which warms up, is left out. */
export async function appendRates(
  client: DynamoDBClient,
  table: string,
  { rounds = 7, depth = 10_000 } = {},
): Promise<readonly AppendRate[]> {
  // The state is a sum only: depth is to be measured, not the growth of a state.
  const aggregate = accountWith({
    evolve: (state, event) => ({ ...state, cents: state.cents + event.data.cents }),
  })
  const store = dynamoStore({ client, table })
  const log = openLog({ client, table, now: Date.now })
  const deep = randomUUID()
  await grow(deep, depth)

  const nextAppended = commitsOf(aggregate, randomUUID())
  const nextRaw = commitsOf(aggregate, randomUUID())
  const raw = Array.from({ length: (rounds + 1) * turns * inTurn }, () => toItem(nextRaw())).values()
  let shallow = ''
  const write = {
    raw: () =>
      client.send(
        new PutItemCommand({
          TableName: table,
          Item: raw.next().value,
          ConditionExpression: 'attribute_not_exists(#stream)',
          ExpressionAttributeNames: { '#stream': 'stream' },
        }),
      ),
    append: () => store.put(nextAppended()),
    command: () => log.execute(aggregate, shallow, deposit(1), metadata),
    deep: () => log.execute(aggregate, deep, deposit(1), metadata),
  }
  const measured: AppendRate[] = []
  for (let round = 0; round <= rounds; round++) {
    const spent = { raw: 0, append: 0, command: 0, deep: 0 }
    for (let turn = 0; turn < turns; turn++) {
      shallow = randomUUID()
      await grow(shallow, 10)
      for (const kind of ['raw', 'append', 'command', 'deep'] as const) {
        const start = performance.now()
        for (let n = 0; n < inTurn; n++) await write[kind]()
        spent[kind] += performance.now() - start
      }
    }
    const rate = (milliseconds: number) => (turns * inTurn * 1000) / milliseconds
    const { raw, append, command, deep } = spent
    if (round > 0)
      measured.push({ raw: rate(raw), append: rate(append), command: rate(command), deep: rate(deep) })
  }
  return measured

  async function grow(id: string, commits: number): Promise<void> {
    const next = commitsOf(aggregate, id)
    for (let written = 0; written < commits; written += inTurn) {
      const batch = Array.from({ length: Math.min(inTurn, commits - written) }, next)
      await Promise.all(batch.map((commit) => store.put(commit)))
    }
  }
}

/** Returns a function that makes the next commit of a stream, each following from the one before. */
function commitsOf(aggregate: Aggregate<Account, AccountEvent>, id: string): () => Commit {
  let fold = emptyFold(aggregate)
  return () => {
    const events = [{ type: 'Deposited' as const, data: { cents: 1, note: '' } }]
    const identified = { ...metadata, commitId: randomUUID() }
    const next = nextCommit(aggregate, id, fold, events, identified, new Date().toISOString())
    fold = next.fold
    return next.commit
  }
}
