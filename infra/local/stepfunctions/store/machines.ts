import type { Row, Statements } from './statements.ts'

/** A state machine with the id of the definition that it has now. */
export interface StoredMachine {
  readonly arn: string
  readonly name: string
  readonly definition: number
  readonly created: number
}

export const machineTables = `
  CREATE TABLE IF NOT EXISTS definitions (id INTEGER PRIMARY KEY, machine TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (machine, text));
  CREATE TABLE IF NOT EXISTS machines (arn TEXT PRIMARY KEY, name TEXT NOT NULL, definition INTEGER NOT NULL, created INTEGER NOT NULL);`

/** The machines, and every definition that one of them has had. */
export class MachineTable {
  readonly #statements: Statements

  constructor(statements: Statements) {
    this.#statements = statements
  }

  /** Creates a machine, or gives it another definition; a text is stored once however often it is given. */
  keep({ arn, name, created }: Omit<StoredMachine, 'definition'>, text: string): void {
    this.#statements.run('INSERT OR IGNORE INTO definitions (machine, text) VALUES (:name, :text)', {
      name,
      text,
    })
    this.#statements.run(
      `INSERT INTO machines (arn, name, definition, created)
       VALUES (:arn, :name, (SELECT id FROM definitions WHERE machine = :name AND text = :text), :created)
       ON CONFLICT (arn) DO UPDATE SET definition = excluded.definition`,
      { arn, name, text, created },
    )
  }

  /** The text of a definition, and the name of the machine that has or had it. */
  definition(id: number): { machine: string; text: string } {
    const row = this.#statements.get('SELECT machine, text FROM definitions WHERE id = :id', { id })
    if (row === undefined) throw new Error(`definition ${id} is not stored`)
    return { machine: String(row.machine), text: String(row.text) }
  }

  /** Forgets a machine; its definitions stay, for executions that run by them. */
  remove(arn: string): void {
    this.#statements.run('DELETE FROM machines WHERE arn = :arn', { arn })
  }

  find(arn: string): StoredMachine | undefined {
    const row = this.#statements.get('SELECT * FROM machines WHERE arn = :arn', { arn })
    return row && machineOf(row)
  }

  page(after: string, limit: number): StoredMachine[] {
    const sql = 'SELECT * FROM machines WHERE arn > :after ORDER BY arn LIMIT :limit'
    return this.#statements.all(sql, { after, limit }).map(machineOf)
  }
}

function machineOf(row: Row): StoredMachine {
  return {
    arn: String(row.arn),
    name: String(row.name),
    definition: Number(row.definition),
    created: Number(row.created),
  }
}
