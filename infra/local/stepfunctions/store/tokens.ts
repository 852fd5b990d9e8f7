import type { Branch } from './branches.ts'
import type { Statements } from './statements.ts'

export const tokenTables = `
  CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, execution INTEGER NOT NULL, branch INTEGER NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS tokens_of_execution ON tokens (execution);`

/** The task tokens that were given out; one is void once its branch has another revision. */
export class TokenTable {
  readonly #statements: Statements

  constructor(statements: Statements) {
    this.#statements = statements
  }

  add(token: string, { execution, id, revision }: Branch): void {
    this.#statements.insert('tokens', { token, execution, branch: id, revision })
  }

  find(token: string): { branch: number; revision: number } | undefined {
    const row = this.#statements.get('SELECT branch, revision FROM tokens WHERE token = :token', { token })
    return row && { branch: Number(row.branch), revision: Number(row.revision) }
  }

  /** The execution in which a token was given out. */
  executionOf(token: string): number | undefined {
    const row = this.#statements.get('SELECT execution FROM tokens WHERE token = :token', { token })
    return row && Number(row.execution)
  }

  remove(execution: number): void {
    this.#statements.run('DELETE FROM tokens WHERE execution = :execution', { execution })
  }
}
