import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

/** Values by the name of their column, or of the parameter that stands for them. */
export type Values = Readonly<Record<string, SQLInputValue>>

/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, unknown>>

/** The statements of one database, each prepared once. Parameters are named, as in `:id`. */
export class Statements {
  readonly #database: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  run(sql: string, values: Values = {}): void {
    this.#statement(sql).run(values)
  }

  get(sql: string, values: Values = {}): Row | undefined {
    return this.#statement(sql).get(values)
  }

  all(sql: string, values: Values = {}): Row[] {
    return this.#statement(sql).all(values)
  }

  /** Adds a row whose columns are the names of its values; gives its id. */
  insert(table: string, row: Values): number {
    const columns = Object.keys(row)
    const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((name) => `:${name}`).join(', ')})`
    return Number(this.#statement(sql).run(row).lastInsertRowid)
  }

  /** Changes the columns of a row that are named. */
  update(table: string, id: number, changes: Values): void {
    const columns = Object.keys(changes)
    const sql = `UPDATE ${table} SET ${columns.map((name) => `${name} = :${name}`).join(', ')} WHERE id = :id`
    this.#statement(sql).run({ ...changes, id })
  }

  #statement(sql: string): StatementSync {
    const known = this.#prepared.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#prepared.set(sql, statement)
    return statement
  }
}
