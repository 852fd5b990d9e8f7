import type { Failure } from './errors.ts'

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED'

export interface Execution {
  readonly id: number
  readonly arn: string
  readonly name: string
  readonly machine: string
  readonly definition: number
  readonly status: ExecutionStatus
  readonly input: string
  readonly output: string | null
  readonly error: string | null
  readonly cause: string | null
  readonly started: number
  readonly stopped: number | null
  /** The instant at which the execution times out. */
  readonly deadline: number
}

/**
 * Where a branch stands inside its state. `entered`: to be run. `waiting`, `retrying`: until `wake`.
 * `calling`: a task is in flight. `returned`, `failed`: the state's work is done, its exit is not.
 * `forked`: its own branches run. `queued`: an iteration that waits for a free place. `ended`: waits for its siblings.
 */
export type Phase =
  | 'entered'
  | 'waiting'
  | 'calling'
  | 'returned'
  | 'failed'
  | 'retrying'
  | 'forked'
  | 'queued'
  | 'ended'

/** A task in flight. `token` and `heartbeat` (seconds) are there for waitForTaskToken only. */
export interface Call {
  readonly arguments: { readonly FunctionName: string; readonly Payload: unknown }
  readonly deadline?: number
  readonly heartbeat?: number
  readonly heartbeatDue?: number
  readonly token?: string
  /** The function has taken the token: it is not invoked again on resume. */
  readonly dispatched: boolean
}

export interface Progress {
  readonly call?: Call
  readonly result?: unknown
  readonly failure?: Failure
  /** How many branches of a fan-out have not ended. */
  readonly remaining?: number
}

/** One line of control: an execution's own, a branch of a Parallel, or an iteration of a Map. */
export interface Branch {
  readonly id: number
  readonly execution: number
  readonly parent: number | null
  /** Its index among its siblings. */
  readonly position: number
  /** The BlockPath of the block it runs, as JSON. */
  readonly path: string
  readonly state: string
  readonly phase: Phase
  /** Input of the state, or once ended the output of the branch, as JSON. */
  readonly input: string
  readonly variables: string
  /** The Map item of an iteration, as JSON. */
  readonly item: string | null
  readonly progress: Progress
  /** Retries made in this state, one count per retrier. */
  readonly retries: readonly number[]
  readonly enteredEvent: number
  readonly enteredAt: number
  readonly lastEvent: number
  readonly wake: number | null
  /** Grows with every transition: work begun at an older revision is void. */
  readonly revision: number
}

export interface EventRow {
  readonly id: number
  readonly at: number
  readonly type: string
  readonly previous: number
  readonly details: string
}

/** A new branch, before it has an id. */
export type NewBranch = Omit<Branch, 'id'>

/** The tables; their columns have the names and types of the rows above. */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS definitions (id INTEGER PRIMARY KEY, machine TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (machine, text));
  CREATE TABLE IF NOT EXISTS machines (arn TEXT PRIMARY KEY, name TEXT NOT NULL, definition INTEGER NOT NULL, created INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL UNIQUE, name TEXT NOT NULL, machine TEXT NOT NULL,
    definition INTEGER NOT NULL, status TEXT NOT NULL, input TEXT NOT NULL, output TEXT, error TEXT, cause TEXT,
    started INTEGER NOT NULL, stopped INTEGER, deadline INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS executions_of_machine ON executions (machine, id);
  CREATE INDEX IF NOT EXISTS executions_running ON executions (id) WHERE status = 'RUNNING';
  CREATE TABLE IF NOT EXISTS branches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, execution INTEGER NOT NULL, parent INTEGER, position INTEGER NOT NULL,
    path TEXT NOT NULL, state TEXT NOT NULL, phase TEXT NOT NULL, input TEXT NOT NULL, variables TEXT NOT NULL,
    item TEXT, progress TEXT NOT NULL, retries TEXT NOT NULL, enteredEvent INTEGER NOT NULL,
    enteredAt INTEGER NOT NULL, lastEvent INTEGER NOT NULL, wake INTEGER, revision INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS branches_of_execution ON branches (execution);
  CREATE INDEX IF NOT EXISTS branches_of_parent ON branches (parent, position);
  CREATE TABLE IF NOT EXISTS events (
    execution INTEGER NOT NULL, id INTEGER NOT NULL, at INTEGER NOT NULL, type TEXT NOT NULL,
    previous INTEGER NOT NULL, details TEXT NOT NULL, PRIMARY KEY (execution, id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, execution INTEGER NOT NULL, branch INTEGER NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS tokens_of_execution ON tokens (execution);
  CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL);
`
