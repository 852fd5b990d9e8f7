import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../clock.ts'
import { openDueWork } from '../due-work.ts'
import type { Queues } from '../queues/queue.ts'
import { FunctionError } from './errors.ts'
import type { LocalFunction } from './function.ts'

/** How the asynchronous invocations of one function are retried, as `AWS::Lambda::EventInvokeConfig` says. */
export interface AsynchronousSettings {
  readonly maximumRetryAttempts?: number
  readonly maximumEventAgeSeconds?: number
  readonly onFailureQueueArn?: string
}

/** Events that functions get without anybody waiting for the answer. */
export interface AsynchronousInvocations {
  configure(functionArn: string, settings: AsynchronousSettings): void
  /** Takes an event; it is durable when this returns, and the function gets it at least once. */
  add(functionArn: string, payload: unknown): void
  /** Starts invoking, beginning with what an earlier process left undone. */
  resume(): void
  stop(): Promise<void>
}

// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
const defaults = { maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600 } as const
const retryAfterSeconds = [60, 120]
const concurrency = 64
/** So many of them one function has: each has a queue of its own, in which what waits keeps no other function waiting. */
const concurrencyEach = 16

/** Opens the queue of asynchronous invocations in a database. */
export function openAsynchronousInvocations(options: {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly functions: ReadonlyMap<string, LocalFunction>
  readonly queues: Queues
}): AsynchronousInvocations {
  const { database, clock, functions, queues } = options
  database.exec(`CREATE TABLE IF NOT EXISTS invocations (
    id INTEGER PRIMARY KEY AUTOINCREMENT, functionArn TEXT NOT NULL, payload TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, since REAL NOT NULL, due REAL NOT NULL
  ) STRICT; CREATE INDEX IF NOT EXISTS invocations_due ON invocations (due, id);
  CREATE INDEX IF NOT EXISTS invocations_each ON invocations (functionArn, due, id)`)
  const insert = database.prepare(
    'INSERT INTO invocations (functionArn, payload, since, due) VALUES (?, ?, ?, ?)',
  )
  const selectDue = database.prepare(
    `SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY functionArn ORDER BY due, id) AS turn FROM invocations WHERE due <= ?)
     WHERE turn <= ${concurrencyEach} ORDER BY due, id LIMIT ?`,
  )
  const selectNext = database.prepare('SELECT min(due) AS due FROM invocations WHERE due > ?')
  const postpone = database.prepare('UPDATE invocations SET attempts = ?, due = ? WHERE id = ?')
  const remove = database.prepare('DELETE FROM invocations WHERE id = ?')
  const settings = new Map<string, AsynchronousSettings>()

  async function invoke(event: Invocation): Promise<void> {
    const { maximumRetryAttempts, maximumEventAgeSeconds, onFailureQueueArn } = {
      ...defaults,
      ...settings.get(event.functionArn),
    }
    try {
      const target = functions.get(event.functionArn)
      if (target === undefined)
        throw new FunctionError('ResourceNotFoundException', `Function not found: ${event.functionArn}`)
      await target.invoke(event.payload)
      remove.run(event.id)
    } catch (error) {
      if (!work.running) return
      const failed = event.attempts + 1
      const due = clock.now() + (retryAfterSeconds[event.attempts] ?? 120) * 1000
      const tooOld = due - event.since > maximumEventAgeSeconds * 1000
      if (failed <= maximumRetryAttempts && !tooOld) {
        postpone.run(failed, due, event.id)
        return
      }
      if (onFailureQueueArn !== undefined) {
        queues.send(
          onFailureQueueArn,
          letterOf(event, failed, tooOld && failed <= maximumRetryAttempts, error, clock),
        )
      }
      remove.run(event.id)
    }
  }

  const work = openDueWork<Invocation>({
    clock,
    concurrency,
    due: (now, limit) => selectDue.all(now, limit).map(invocationOf),
    nextDue(after) {
      const due = selectNext.get(after)?.due
      return typeof due === 'number' ? due : undefined
    },
    attempt: invoke,
  })

  return {
    configure: (functionArn, given) => void settings.set(functionArn, given),
    add(functionArn, payload) {
      const now = clock.now()
      insert.run(functionArn, JSON.stringify(payload), now, now)
      work.wake()
    },
    resume: () => work.resume(),
    stop: () => work.stop(),
  }
}

interface Invocation {
  readonly id: number
  readonly functionArn: string
  readonly payload: unknown
  readonly attempts: number
  readonly since: number
}

function invocationOf(row: Readonly<Record<string, unknown>>): Invocation {
  return {
    id: Number(row.id),
    functionArn: String(row.functionArn),
    payload: JSON.parse(String(row.payload)),
    attempts: Number(row.attempts),
    since: Number(row.since),
  }
}

/** The record that a failure destination gets. */
function letterOf(
  event: Invocation,
  attempts: number,
  tooOld: boolean,
  error: unknown,
  clock: Clock,
): unknown {
  const failure = error instanceof FunctionError ? error : new FunctionError('Error', String(error))
  return {
    version: '1.0',
    timestamp: new Date(clock.now()).toISOString(),
    requestContext: {
      requestId: randomUUID(),
      functionArn: `${event.functionArn}:$LATEST`,
      condition: tooOld ? 'EventAgeExceeded' : 'RetriesExhausted',
      approximateInvokeCount: attempts,
    },
    requestPayload: event.payload,
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: {
      errorMessage: failure.errorMessage,
      errorType: failure.errorType,
      trace: failure.trace,
    },
  }
}
