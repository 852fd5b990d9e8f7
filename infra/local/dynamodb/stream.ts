import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../template/shapes.ts'
import type { DynamoRequest } from './request.ts'

/** A record of a DynamoDB stream, as a function receives it in its event. */
export interface StreamRecord {
  readonly eventID: string
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE'
  readonly eventVersion: string
  readonly eventSource: 'aws:dynamodb'
  readonly awsRegion: string
  readonly eventSourceARN: string
  readonly userIdentity?: unknown
  readonly dynamodb: {
    readonly Keys: Readonly<Record<string, unknown>>
    readonly NewImage?: Readonly<Record<string, unknown>>
    readonly OldImage?: Readonly<Record<string, unknown>>
    readonly SequenceNumber: string
    /** Seconds since the epoch, of the wall's clock. */
    readonly ApproximateCreationDateTime: number
    readonly SizeBytes: number
    readonly StreamViewType: string
  }
}

/** Some records of a stream in order, and how far they reach. */
export interface StreamPage {
  readonly records: readonly StreamRecord[]
  /** The sequence number up to which everything was seen. */
  readonly through: bigint
}

/** Reads the stream of one table. */
export interface TableStream {
  readonly arn: string
  /** Returns the next records after a sequence number, at most 1,000; none when there are no more yet. */
  after(sequence: bigint): Promise<StreamPage>
}

const service = 'DynamoDBStreams_20120810'

/**
 * Opens the stream of a table. Shards are read as one sequence, parents first: emulators number their records through.
 * An EndingSequenceNumber is never taken as the end of a shard, as dynoxide shows one for a shard that is still open.
 */
export function openTableStream(options: {
  readonly table: string
  readonly arn: string
  readonly region: string
  readonly request: DynamoRequest
}): TableStream {
  const { table, arn, region, request } = options
  let emulatorArn: string | undefined

  const shards = async (): Promise<string[]> => {
    if (emulatorArn === undefined) {
      const { Table } = await request('DynamoDB_20120810.DescribeTable', { TableName: table })
      emulatorArn = String(isRecord(Table) ? Table.LatestStreamArn : undefined)
    }
    const { StreamDescription } = await request(`${service}.DescribeStream`, { StreamArn: emulatorArn })
    const listed = isRecord(StreamDescription) ? StreamDescription.Shards : []
    return (Array.isArray(listed) ? listed.filter(isRecord) : []).map(({ ShardId }) => String(ShardId)).sort()
  }
  // DescribeStream scans every record of the shard, so the list of shards is asked for once and when the last runs dry.
  let known: readonly string[] = []
  // Where the last page ended, which spares asking for an iterator.
  let next: { readonly shard: string; readonly sequence: bigint; readonly iterator: unknown } | undefined

  const read = async (shard: string, sequence: bigint) => {
    const remembered = next?.shard === shard && next.sequence === sequence ? next.iterator : undefined
    // Forgotten until it has worked, so that one which expired is asked for anew.
    next = undefined
    const iterator = remembered ?? (await iteratorAfter(shard, sequence))
    return request(`${service}.GetRecords`, { ShardIterator: iterator, Limit: 1000 })
  }
  const iteratorAfter = async (shard: string, sequence: bigint) => {
    const position =
      sequence === 0n
        ? { ShardIteratorType: 'TRIM_HORIZON' }
        : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: String(sequence) }
    const { ShardIterator } = await request(`${service}.GetShardIterator`, {
      StreamArn: emulatorArn,
      ShardId: shard,
      ...position,
    })
    return ShardIterator
  }

  return {
    arn,
    async after(sequence) {
      if (known.length === 0) known = await shards()
      for (const shard of known) {
        const { Records, NextShardIterator } = await read(shard, sequence)
        const fresh = (Array.isArray(Records) ? Records : [])
          .map((record: unknown) => recordOf(record, arn, region))
          .filter(({ dynamodb }) => BigInt(dynamodb.SequenceNumber) > sequence)
        const last = fresh.at(-1)
        const reached = last === undefined ? sequence : BigInt(last.dynamodb.SequenceNumber)
        next = { shard, sequence: reached, iterator: NextShardIterator }
        if (last !== undefined) {
          return { records: fresh.filter(isChange), through: reached }
        }
      }
      return { records: [], through: sequence }
    },
  }
}

function recordOf(value: unknown, arn: string, region: string): StreamRecord {
  if (!isRecord(value) || !isRecord(value.dynamodb))
    throw new Error('GetRecords answered something that is no record')
  const created = value.dynamodb.ApproximateCreationDateTime
  return {
    ...value,
    eventSourceARN: arn,
    awsRegion: region,
    dynamodb: {
      ...value.dynamodb,
      ApproximateCreationDateTime: typeof created === 'string' ? Date.parse(created) / 1000 : Number(created),
    },
  } as StreamRecord // the rest is as the protocol defines it
}

/** DynamoDB writes no record for a put that changes nothing; dynoxide does, which shows where both images are kept. */
function isChange({ eventName, dynamodb }: StreamRecord): boolean {
  return (
    eventName !== 'MODIFY' ||
    dynamodb.OldImage === undefined ||
    !isDeepStrictEqual(dynamodb.OldImage, dynamodb.NewImage)
  )
}
