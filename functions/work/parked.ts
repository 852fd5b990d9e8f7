import { randomUUID } from 'node:crypto'
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { instantOf } from '../../events/time.ts'
import { PassingError } from '../errors.ts'
import { pagesOf, type WorkRow, whereItHolds } from './rows.ts'

/** A duty that was set aside for one stream, since it fails however often it is tried. */
export interface ParkedDuty {
  readonly duty: string
  readonly stream: string
  /** The first commit that it has not been done for: it has to be done for this one and all after it. */
  readonly commit: number
  readonly error: string
  /** When it failed last. */
  readonly at: string
  /** Which failure set it aside like this: another one, even of the same commit, leaves another mark. */
  readonly mark: string
}

/** What waits for a person, or for the next deployment. Losing it costs latency only: `reconcile` finds the same again. */
export interface Parked {
  /** Sets a duty aside for one stream, from a commit on; what was set aside before from an earlier one stays so. */
  park(duty: string, stream: string, commit: number, error: unknown): Promise<void>
  list(): Promise<ParkedDuty[]>
  /** Notes how far a try of this row got, unless the duty has failed somewhere else meanwhile. */
  moveOn(parked: ParkedDuty, commit: number, error: unknown): Promise<void>
  /** Forgets one that has been done, unless the duty has failed again since it was listed. */
  clear(parked: ParkedDuty): Promise<void>
}

/** Others kept setting the same duty aside: whoever met this meets the failure again. */
class ParkingContended extends PassingError {
  override readonly name = 'ParkingContended'
  constructor(duty: string, stream: string) {
    super(`${duty} on ${stream} is set aside by others again and again.`)
  }
}

const partition = 'parked'
const keptSeconds = 30 * 24 * 3600
const longestError = 1024

/** So often another failure of the same duty and stream may come in between. */
const triesToPark = 5

function parkedOf(duty: string, stream: string, commit: number, error: unknown, now: number): ParkedDuty {
  const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const told = { error: words.slice(0, longestError), at: instantOf(now), mark: randomUUID() }
  return { duty, stream, commit, ...told }
}

function key({ duty, stream }: Pick<ParkedDuty, 'duty' | 'stream'>) {
  return { item: { S: partition }, detail: { S: `${duty}/${stream}` } }
}

function fromItem(item: WorkRow): ParkedDuty | undefined {
  const { duty, stream, commit, error, at, mark } = item
  if (!duty?.S || !stream?.S) return undefined
  const words = { error: error?.S ?? '', at: at?.S ?? '', mark: mark?.S ?? '' }
  return { duty: duty.S, stream: stream.S, commit: Number(commit?.N), ...words }
}

/** The condition that a row is the one that was read. One of an earlier version of the functions has no mark. */
function stillIs({ mark }: ParkedDuty) {
  const ExpressionAttributeNames = { '#mark': 'mark' }
  if (mark === '') return { ConditionExpression: 'attribute_not_exists(#mark)', ExpressionAttributeNames }
  const ExpressionAttributeValues = { ':mark': { S: mark } }
  return { ConditionExpression: '#mark = :mark', ExpressionAttributeNames, ExpressionAttributeValues }
}

/** Keeps parked duties in the table `Work` for 30 days; `now` is in milliseconds since the epoch. */
export function openParked({
  client,
  table,
  now,
}: {
  readonly client: DynamoDBClient
  readonly table: string
  now(): number
}): Parked {
  /** Writes a row where there is none, or in the place of one that is known; returns what is there where that is something else. */
  async function write(
    row: ParkedDuty,
    known: ParkedDuty | undefined,
  ): Promise<{ readonly written: boolean; readonly present?: ParkedDuty | undefined }> {
    const { duty, stream, commit, error, at, mark } = row
    const Item = {
      ...key(row),
      ...{ duty: { S: duty }, stream: { S: stream }, commit: { N: `${commit}` } },
      ...{ error: { S: error }, at: { S: at }, mark: { S: mark } },
      expires: { N: `${Math.ceil(now() / 1000) + keptSeconds}` },
    }
    const condition = known ? stillIs(known) : { ConditionExpression: 'attribute_not_exists(detail)' }
    const onRefusal = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const
    try {
      await client.send(new PutItemCommand({ TableName: table, Item, ...condition, ...onRefusal }))
      return { written: true }
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error
      return { written: false, present: error.Item && fromItem(error.Item) }
    }
  }

  return {
    async park(duty, stream, commit, error) {
      const row = parkedOf(duty, stream, commit, error, now())
      let known: ParkedDuty | undefined
      for (let tries = 0; tries < triesToPark; tries++) {
        const lowest = { ...row, commit: Math.min(commit, known?.commit ?? commit) }
        const { written, present } = await write(lowest, known)
        if (written) return
        known = present
      }
      throw new ParkingContended(duty, stream)
    },
    async list() {
      const found: ParkedDuty[] = []
      for await (const page of pagesOf({ client, table }, partition, { ConsistentRead: true }))
        found.push(...page.flatMap((row) => fromItem(row) ?? []))
      return found
    },
    async moveOn(parked, commit, error) {
      await write(parkedOf(parked.duty, parked.stream, commit, error, now()), parked)
    },
    async clear(parked) {
      const Key = key(parked)
      await whereItHolds(client.send(new DeleteItemCommand({ TableName: table, Key, ...stillIs(parked) })))
    },
  }
}

/** Keeps parked duties in memory. */
export function memoryParked(now: () => number): Parked {
  const rows = new Map<string, ParkedDuty>()
  const named = ({ duty, stream }: Pick<ParkedDuty, 'duty' | 'stream'>) => `${duty}/${stream}`
  const isPresent = (parked: ParkedDuty) => rows.get(named(parked))?.mark === parked.mark
  return {
    async park(duty, stream, commit, error) {
      const lowest = Math.min(commit, rows.get(named({ duty, stream }))?.commit ?? commit)
      rows.set(named({ duty, stream }), parkedOf(duty, stream, lowest, error, now()))
    },
    list: async () => [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row),
    async moveOn(parked, commit, error) {
      if (isPresent(parked))
        rows.set(named(parked), parkedOf(parked.duty, parked.stream, commit, error, now()))
    },
    async clear(parked) {
      if (isPresent(parked)) rows.delete(named(parked))
    },
  }
}
