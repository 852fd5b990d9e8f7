import type { Failure } from '../errors.ts'
import type { Row, Statements } from './statements.ts'

/** Where an execution stands. */
export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED'

/** An execution as it lies in the store; instants are milliseconds since the epoch, input and output JSON. */
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

/** An execution that begins. */
export type NewExecution = Omit<Execution, 'id' | 'status' | 'output' | 'error' | 'cause' | 'stopped'>

/** The columns have the names and types of the interface. */
export const executionTables = `
  CREATE TABLE IF NOT EXISTS executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL UNIQUE, name TEXT NOT NULL, machine TEXT NOT NULL,
    definition INTEGER NOT NULL, status TEXT NOT NULL, input TEXT NOT NULL, output TEXT, error TEXT, cause TEXT,
    started INTEGER NOT NULL, stopped INTEGER, deadline INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS executions_of_machine ON executions (machine, id);
  CREATE INDEX IF NOT EXISTS executions_running ON executions (id) WHERE status = 'RUNNING';`

/** The executions, running and ended. */
export class ExecutionTable {
  readonly #statements: Statements

  constructor(statements: Statements) {
    this.#statements = statements
  }

  add(execution: NewExecution): number {
    return this.#statements.insert('executions', { ...execution, status: 'RUNNING' })
  }

  find(id: number): Execution | undefined {
    return executionOf(this.#statements.get('SELECT * FROM executions WHERE id = :id', { id }))
  }

  named(arn: string): Execution | undefined {
    return executionOf(this.#statements.get('SELECT * FROM executions WHERE arn = :arn', { arn }))
  }

  /** Executions of a machine below an id, newest first. */
  page(machine: string, status: string | undefined, below: number, limit: number): Execution[] {
    const sql = `SELECT * FROM executions
      WHERE machine = :machine AND id < :below AND (:status IS NULL OR status = :status) ORDER BY id DESC LIMIT :limit`
    const rows = this.#statements.all(sql, { machine, status: status ?? null, below, limit })
    return rows.flatMap((row) => executionOf(row) ?? [])
  }

  running(): { id: number; deadline: number }[] {
    const rows = this.#statements.all("SELECT id, deadline FROM executions WHERE status = 'RUNNING'")
    return rows.map((row) => ({ id: Number(row.id), deadline: Number(row.deadline) }))
  }

  end(id: number, ending: Pick<Execution, 'status' | 'stopped' | 'output'>, { error, cause }: Failure): void {
    this.#statements.update('executions', id, { ...ending, error: error ?? null, cause: cause ?? null })
  }

  remove(id: number): void {
    this.#statements.run('DELETE FROM executions WHERE id = :id', { id })
  }
}

/** The schema above is what makes the cast true. */
function executionOf(row: Row | undefined): Execution | undefined {
  return row as Execution | undefined
}
