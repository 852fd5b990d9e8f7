import type { Statements } from './statements.ts'

/** An event of a history; its details are JSON. */
export interface EventRow {
  readonly id: number
  readonly at: number
  readonly type: string
  readonly previous: number
  readonly details: string
}

export const historyTables = `
  CREATE TABLE IF NOT EXISTS events (
    execution INTEGER NOT NULL, id INTEGER NOT NULL, at INTEGER NOT NULL, type TEXT NOT NULL,
    previous INTEGER NOT NULL, details TEXT NOT NULL, PRIMARY KEY (execution, id)) WITHOUT ROWID;`

/** The histories of all executions. */
export class HistoryTable {
  readonly #statements: Statements

  constructor(statements: Statements) {
    this.#statements = statements
  }

  add(execution: number, event: EventRow): void {
    this.#statements.insert('events', { execution, ...event })
  }

  /** The id of an execution's last event; 0 when it has none. */
  lastId(execution: number): number {
    const sql = 'SELECT max(id) AS id FROM events WHERE execution = :execution'
    return Number(this.#statements.get(sql, { execution })?.id ?? 0)
  }

  /** Events of an execution beyond an id, in the direction asked for. */
  page(execution: number, beyond: number, limit: number, reverse: boolean): EventRow[] {
    const which = reverse ? 'id < :beyond ORDER BY id DESC' : 'id > :beyond ORDER BY id'
    const sql = `SELECT * FROM events WHERE execution = :execution AND ${which} LIMIT :limit`
    return this.#statements.all(sql, { execution, beyond, limit }).map((row) => ({
      id: Number(row.id),
      at: Number(row.at),
      type: String(row.type),
      previous: Number(row.previous),
      details: String(row.details),
    }))
  }

  remove(execution: number): void {
    this.#statements.run('DELETE FROM events WHERE execution = :execution', { execution })
  }
}
