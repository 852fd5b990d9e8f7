import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { pagesOf } from './rows.ts'

/** A duty that is done for one commit over again, for some hours. */
export interface Repeat {
  readonly duty: string
  readonly stream: string
  readonly commit: number
}

/**
 * What is done again every minute for a while, since the views may not have shown everything that it is about. Losing it costs latency only:
 * `reconcile` asks the log.
 */
export interface Repeats {
  /** Has a duty done again until an ISO instant. */
  keep(repeat: Repeat, until: string): Promise<void>
  /** Returns those whose time is not over. */
  list(): Promise<Repeat[]>
}

const partition = 'repeats'

function nameOf({ duty, stream, commit }: Repeat): string {
  return `${duty}/${stream}@${commit}`
}

/** Opens them in the table `Work`; `now` is in milliseconds since the epoch. */
export function openRepeats({
  client,
  table,
  now,
}: {
  readonly client: DynamoDBClient
  readonly table: string
  now(): number
}): Repeats {
  return {
    async keep(repeat, until) {
      const { duty, stream, commit } = repeat
      const expires = { N: `${Math.ceil(Date.parse(until) / 1000)}` }
      const Item = {
        ...{ item: { S: partition }, detail: { S: nameOf(repeat) } },
        ...{ duty: { S: duty }, stream: { S: stream }, commit: { N: `${commit}` }, expires },
      }
      await client.send(new PutItemCommand({ TableName: table, Item }))
    },
    async list() {
      const found: Repeat[] = []
      for await (const page of pagesOf({ client, table }, partition)) {
        for (const { duty, stream, commit, expires } of page) {
          // DynamoDB may keep a row for days after its time.
          if (!duty?.S || !stream?.S || Number(expires?.N) * 1000 <= now()) continue
          found.push({ duty: duty.S, stream: stream.S, commit: Number(commit?.N) })
        }
      }
      return found
    },
  }
}

/** Keeps them in memory. */
export function memoryRepeats(now: () => number): Repeats {
  const kept = new Map<string, { readonly repeat: Repeat; readonly until: number }>()
  return {
    async keep(repeat, until) {
      kept.set(nameOf(repeat), { repeat, until: Date.parse(until) })
    },
    list: async () => [...kept.values()].flatMap(({ repeat, until }) => (until > now() ? [repeat] : [])),
  }
}
