import type { Statements } from './statements.ts'

export const outboxTables = `
  CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL);`

/** What is still to be announced, in its order. */
export class Outbox {
  readonly #statements: Statements

  constructor(statements: Statements) {
    this.#statements = statements
  }

  add(event: unknown): void {
    this.#statements.insert('outbox', { event: JSON.stringify(event) })
  }

  first(limit: number): { id: number; event: string }[] {
    const rows = this.#statements.all('SELECT id, event FROM outbox ORDER BY id LIMIT :limit', { limit })
    return rows.map((row) => ({ id: Number(row.id), event: String(row.event) }))
  }

  /** Removes all up to an id, and that one. */
  removeThrough(id: number): void {
    this.#statements.run('DELETE FROM outbox WHERE id <= :id', { id })
  }
}
