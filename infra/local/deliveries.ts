import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from './clock.ts'
import { inTransaction } from './database.ts'
import { openDueWork } from './due-work.ts'

/** Something that has to reach a target, and what to do when it cannot. */
export interface Delivery {
  readonly targetArn: string
  readonly payload: unknown
  /** The instant from which the age limit counts. */
  readonly since: number
  readonly maximumAttempts: number
  readonly maximumAgeSeconds: number
  readonly deadLetterArn?: string
  /** Attributes of the dead letter that say where it came from, such as RULE_ARN. */
  readonly origin: Readonly<Record<string, string>>
  /** What `finished` needs to know again. */
  readonly reference?: string
}

/** A letter for the queue of what could not be delivered, as EventBridge and Scheduler write it. */
export interface DeadLetter {
  readonly body: unknown
  readonly attributes: Readonly<Record<string, string>>
}

/** The durable list of what is still to be delivered. */
export interface Deliveries {
  /** Notes a delivery. Call it inside the transaction that acknowledges its cause. */
  add(delivery: Delivery): void
  /** Sends what is due, once the transaction that added it is committed. */
  wake(): void
  /** Starts sending, beginning with what an earlier process left undone. */
  resume(): void
  /** Ends sending and waits for what is under way. What is not delivered stays noted. */
  stop(): Promise<void>
}

interface Row {
  readonly id: number
  readonly delivery: string
  readonly attempts: number
}

const concurrency = 32

/**
 * Keeps deliveries in a database and sends each at least once: again after a failure with doubled delay (1 s to
 * 5 min on the clock), until its attempts or its age are used up; then it becomes a dead letter.
 */
export function openDeliveries(options: {
  readonly database: DatabaseSync
  readonly clock: Clock
  send(targetArn: string, payload: unknown, attempt: number): Promise<void>
  deadLetter(queueArn: string, letter: DeadLetter): void
  /** Runs in the transaction that removes a delivery, whether it arrived or was given up. */
  finished?(delivery: Delivery): void
}): Deliveries {
  const { database, clock } = options
  database.exec(`CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, delivery TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL
  ) STRICT; CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due, id)`)
  const insert = database.prepare('INSERT INTO deliveries (delivery, due) VALUES (?, ?)')
  const selectDue = database.prepare(
    'SELECT id, delivery, attempts FROM deliveries WHERE due <= ? ORDER BY due, id LIMIT ?',
  )
  const selectNext = database.prepare('SELECT min(due) AS due FROM deliveries WHERE due > ?')
  const postpone = database.prepare('UPDATE deliveries SET attempts = ?, due = ? WHERE id = ?')
  const remove = database.prepare('DELETE FROM deliveries WHERE id = ?')
  const work = openDueWork<Row>({
    clock,
    concurrency,
    due: (now, limit) => selectDue.all(now, limit) as unknown as Row[], // columns as created above
    nextDue(after) {
      const due = selectNext.get(after)?.due
      return typeof due === 'number' ? due : undefined
    },
    attempt,
  })

  async function attempt(row: Row): Promise<void> {
    const delivery = JSON.parse(row.delivery) as Delivery // written by add() below
    const attempts = row.attempts + 1
    try {
      const tooOld = clock.now() - delivery.since > delivery.maximumAgeSeconds * 1000
      if (tooOld) giveUp(row.id, delivery, row.attempts, 'MaximumEventAgeInSeconds', 'The event is too old')
      else {
        await options.send(delivery.targetArn, delivery.payload, attempts)
        conclude(row.id, delivery)
      }
    } catch (error) {
      failed(row.id, delivery, attempts, error)
    }
  }

  function failed(id: number, delivery: Delivery, attempts: number, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    const due = clock.now() + Math.min(1000 * 2 ** (attempts - 1), 300_000)
    const lastDue = delivery.since + delivery.maximumAgeSeconds * 1000
    try {
      if (attempts >= delivery.maximumAttempts) giveUp(id, delivery, attempts, 'MaximumRetryAttempts', reason)
      else if (due > lastDue) giveUp(id, delivery, attempts, 'MaximumEventAgeInSeconds', reason)
      else postpone.run(attempts, due, id)
    } catch {
      // The queue did not take the letter: the delivery is not lost but tried again.
      postpone.run(attempts, due, id)
    }
  }

  function giveUp(id: number, delivery: Delivery, attempts: number, condition: string, reason: string): void {
    if (delivery.deadLetterArn !== undefined)
      options.deadLetter(delivery.deadLetterArn, {
        body: delivery.payload,
        attributes: {
          ...delivery.origin,
          TARGET_ARN: delivery.targetArn,
          ERROR_CODE: 'TARGET_ERROR',
          ERROR_MESSAGE: reason,
          EXHAUSTED_RETRY_CONDITION: condition,
          RETRY_ATTEMPTS: String(Math.max(0, attempts - 1)),
        },
      })
    conclude(id, delivery)
  }

  function conclude(id: number, delivery: Delivery): void {
    inTransaction(database, () => {
      remove.run(id)
      options.finished?.(delivery)
    })
  }

  return {
    add: (delivery) => void insert.run(JSON.stringify(delivery), clock.now()),
    wake: () => work.wake(),
    resume: () => work.resume(),
    stop: () => work.stop(),
  }
}
