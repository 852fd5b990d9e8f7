import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { StreamRecord } from '../dynamodb/stream.ts'
import { isRecord } from '../template/shapes.ts'
import { FunctionError } from './errors.ts'
import type { LocalFunction } from './function.ts'

/** What an event source mapping does with a batch that fails. Limits of -1 never end. */
export interface RetryRules {
  readonly maximumRetryAttempts: number
  readonly maximumRecordAgeSeconds: number
  readonly bisect: boolean
  readonly reportFailures: boolean
}

/** What a batch needs from its surroundings. */
export interface BatchWork {
  readonly target: LocalFunction
  readonly rules: RetryRules
  /** The age of a record on the clock, in milliseconds. */
  ageOf(record: StreamRecord): number
  /** Notes that everything up to and with this record is done. */
  done(record: StreamRecord): void
  /** Gives records up, with the message that the failure destination gets. */
  discard(letter: DiscardedBatch): void
  /** Milliseconds of the wall to wait before the attempt after so many failures. */
  backoff(failures: number): number
  readonly stopped: AbortSignal
}

/** The message about records that were given up: where they are in the stream, not what they hold (as AWS). */
export interface DiscardedBatch {
  readonly requestContext: {
    readonly requestId: string
    readonly functionArn: string
    readonly condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded'
    readonly approximateInvokeCount: number
  }
  readonly responseContext?: {
    readonly statusCode: 200
    readonly executedVersion: '$LATEST'
    readonly functionError: 'Unhandled'
  }
  readonly version: '1.0'
  readonly DDBStreamBatchInfo: {
    readonly shardId: string
    readonly startSequenceNumber: string
    readonly endSequenceNumber: string
    readonly approximateArrivalOfFirstRecord: string
    readonly approximateArrivalOfLastRecord: string
    readonly batchSize: number
    readonly streamArn: string
  }
}

/**
 * Brings a batch to its end as Lambda does for a stream: an exception splits it in two (which costs no retry) or is
 * retried as a whole; a reported failure moves the checkpoint to before the lowest one and everything from there comes
 * again; what is too old or has used up its retries is given up. Records after a failing one wait for it.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export async function processBatch(batch: readonly StreamRecord[], work: BatchWork): Promise<void> {
  const { rules, target, stopped } = work
  let rest = batch
  let failures = 0
  while (rest.length > 0 && !stopped.aborted) {
    const tooOld = countTooOld(rest, work)
    if (tooOld > 0) {
      giveUp(rest.slice(0, tooOld), 'RecordAgeExceeded', failures, work)
      rest = rest.slice(tooOld)
      continue
    }
    const outcome = await attempt(rest, target, rules.reportFailures)
    if (stopped.aborted && outcome.kind !== 'done') return
    if (outcome.kind === 'done') {
      finish(rest, work)
      return
    }
    if (outcome.kind === 'threw' && rules.bisect && rest.length > 1) {
      const middle = Math.ceil(rest.length / 2)
      await processBatch(rest.slice(0, middle), work)
      rest = rest.slice(middle)
      failures = 0
      continue
    }
    if (outcome.kind === 'failedFrom' && outcome.index > 0) {
      finish(rest.slice(0, outcome.index), work)
      rest = rest.slice(outcome.index)
      failures = 0
    }
    failures += 1
    if (rules.maximumRetryAttempts >= 0 && failures > rules.maximumRetryAttempts) {
      giveUp(rest, 'RetryAttemptsExhausted', failures, work)
      return
    }
    await delay(work.backoff(failures), undefined, { signal: stopped }).catch(() => {})
  }
}

type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'threw' }
  | { readonly kind: 'failedFrom'; readonly index: number }

async function attempt(
  batch: readonly StreamRecord[],
  target: LocalFunction,
  reportFailures: boolean,
): Promise<Outcome> {
  let answer: unknown
  try {
    answer = await target.invoke({ Records: batch })
  } catch (error) {
    if (error instanceof FunctionError) return { kind: 'threw' }
    throw error
  }
  const reported = reportFailures && isRecord(answer) ? answer.batchItemFailures : undefined
  if (!Array.isArray(reported) || reported.length === 0) return { kind: 'done' }
  const positions = reported.map((failure: unknown) => {
    const sequence = isRecord(failure) ? failure.itemIdentifier : undefined
    return batch.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === sequence)
  })
  // An identifier that is missing, or of no record of this batch, fails all of it.
  return { kind: 'failedFrom', index: Math.max(0, Math.min(...positions)) }
}

function countTooOld(batch: readonly StreamRecord[], { rules, ageOf }: BatchWork): number {
  if (rules.maximumRecordAgeSeconds < 0) return 0
  const young = batch.findIndex((record) => ageOf(record) <= rules.maximumRecordAgeSeconds * 1000)
  return young === -1 ? batch.length : young
}

function finish(batch: readonly StreamRecord[], work: BatchWork): void {
  const last = batch.at(-1)
  if (last !== undefined) work.done(last)
}

function giveUp(
  batch: readonly StreamRecord[],
  condition: DiscardedBatch['requestContext']['condition'],
  invocations: number,
  work: BatchWork,
): void {
  const [first] = batch
  const last = batch.at(-1)
  if (first === undefined || last === undefined) return
  const arrival = (record: StreamRecord) =>
    new Date(record.dynamodb.ApproximateCreationDateTime * 1000).toISOString()
  const invoked = {
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  } as const
  work.discard({
    requestContext: {
      requestId: randomUUID(),
      functionArn: work.target.arn,
      condition,
      approximateInvokeCount: invocations,
    },
    ...(invocations > 0 && invoked),
    version: '1.0',
    DDBStreamBatchInfo: {
      shardId: 'shardId-local',
      startSequenceNumber: first.dynamodb.SequenceNumber,
      endSequenceNumber: last.dynamodb.SequenceNumber,
      approximateArrivalOfFirstRecord: arrival(first),
      approximateArrivalOfLastRecord: arrival(last),
      batchSize: batch.length,
      streamArn: first.eventSourceARN,
    },
  })
  work.done(last)
}
