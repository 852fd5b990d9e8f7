import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

/** What is still under way on a data directory, seen past the runtime that works on it. */
export interface UnderWay {
  /** Executions of the state machine that run. */
  readonly executions: number
  /** Asynchronous invocations that were not done. */
  readonly invocations: number
  /** Firings of windows among them, and those that were not handed over: a busy machine comes to them late, and what they judge is missing until then. */
  readonly firings: number
  /** Events that were put on the bus and not delivered. */
  readonly deliveries: number
  /** Stream records that some reader has not done. */
  readonly records: number
}

function count(directory: string, file: string, sql: string): number {
  const database = new DatabaseSync(join(directory, file), { readOnly: true, timeout: 5000 })
  try {
    return Number(database.prepare(sql).get()?.count)
  } finally {
    database.close()
  }
}

/** Counts what is under way. */
function underWay(directory: string): UnderWay {
  const newest = count(
    directory,
    'dynamo.sqlite',
    'SELECT MAX(CAST(sequence_number AS INTEGER)) AS count FROM _stream_records',
  )
  const done = count(
    directory,
    'runtime.sqlite',
    'SELECT MIN(CAST(through AS INTEGER)) AS count FROM checkpoints',
  )
  return {
    executions: count(
      directory,
      'stepfunctions.sqlite',
      "SELECT count(*) AS count FROM executions WHERE status = 'RUNNING'",
    ),
    invocations: count(directory, 'runtime.sqlite', 'SELECT count(*) AS count FROM invocations'),
    firings:
      count(
        directory,
        'runtime.sqlite',
        "SELECT count(*) AS count FROM invocations WHERE functionArn LIKE '%-windows'",
      ) +
      count(
        directory,
        'schedules.sqlite',
        "SELECT count(*) AS count FROM deliveries WHERE delivery LIKE '%-windows%'",
      ),
    deliveries: count(directory, 'events.sqlite', 'SELECT count(*) AS count FROM deliveries'),
    records: newest - done,
  }
}

/** Waits until nothing is under way any more; returns what still is when patience (milliseconds) is over. */
export async function quiescence(directory: string, patience: number): Promise<UnderWay> {
  const over = performance.now() + patience
  for (;;) {
    const seen = underWay(directory)
    const rest = seen.executions + seen.deliveries + seen.records + seen.firings
    if (rest === 0 || performance.now() > over) return seen
    await sleep(200)
  }
}

/**
 * Counts the letters in the dead-letter queues: ticks that came after their minute, which the next one makes good, and everything else,
 * which nobody would do again.
 */
export function deadLetters(directory: string): { readonly ticks: number; readonly lost: number } {
  const letters = (where: string) =>
    count(directory, 'runtime.sqlite', `SELECT count(*) AS count FROM messages WHERE queue ${where}`)
  return {
    ticks: letters("LIKE '%SchedulesDeadLetters%'"),
    lost: letters("NOT LIKE '%SchedulesDeadLetters%'"),
  }
}
