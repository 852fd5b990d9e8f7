import { globSync, readFileSync } from 'node:fs'
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

function read(directory: string, file: string, sql: string) {
  const database = new DatabaseSync(join(directory, file), { readOnly: true, timeout: 5000 })
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

function count(directory: string, file: string, sql: string): number {
  return Number(read(directory, file, sql)[0]?.count)
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

/** What lies in the dead-letter queues. */
export interface Letters {
  /** Ticks that came after their minute, or failed, which the next one makes good. */
  readonly ticks: number
  /** Public events that nobody was told of: no person or program waits for them here. */
  readonly notices: number
  /** Everything else, which a round of reconcile has to make good. */
  readonly lost: number
  /** When the last one of these was sent, in milliseconds of the clock; 0: there is none. */
  readonly last: number
}

/** Returns what lies in the dead-letter queues. */
export function deadLetters(directory: string): Letters {
  const letters = read(directory, 'runtime.sqlite', 'SELECT queue, sentAt FROM messages')
  const [ticks = [], notices = []] = ['Schedules', 'Notices'].map((name) =>
    letters.filter(({ queue }) => String(queue).includes(`-${name}DeadLetters`)),
  )
  const lost = letters.filter((letter) => !ticks.includes(letter) && !notices.includes(letter))
  const last = lost.reduce((latest, { sentAt }) => Math.max(latest, Number(sentAt)), 0)
  return { ticks: ticks.length, notices: notices.length, lost: lost.length, last }
}

/** Waits until a round of reconcile is over that began after the last letter came; resolves to whether there was one within so many milliseconds. */
export async function madeGood(directory: string, patience: number): Promise<boolean> {
  const over = performance.now() + patience
  while (deadLetters(directory).last > lastRound(directory)) {
    if (performance.now() > over) return false
    await sleep(500)
  }
  return true
}

/** When the last round began that is over, as the function has said; 0: none is. */
function lastRound(directory: string): number {
  const [log] = globSync(join(directory, 'logs', '*Functionsreconcile*.log'))
  const rounds =
    log === undefined ? [] : readFileSync(log, 'utf8').matchAll(/"began":"([^"]+)","stage":"over"/g)
  return Math.max(0, ...[...rounds].map(([, began = '']) => Date.parse(began)))
}
