import type { DatabaseSync } from 'node:sqlite'
import { inTransaction, openDatabase } from '../../database.ts'
import { BranchTable, branchTables } from './branches.ts'
import { ExecutionTable, executionTables } from './executions.ts'
import { HistoryTable, historyTables } from './history.ts'
import { MachineTable, machineTables } from './machines.ts'
import { Outbox, outboxTables } from './outbox.ts'
import { Statements } from './statements.ts'
import { TokenTable, tokenTables } from './tokens.ts'

/** What one engine keeps. Every method is synchronous; `transaction` makes several of them one. */
export class Store {
  readonly #database: DatabaseSync
  readonly machines: MachineTable
  readonly executions: ExecutionTable
  readonly branches: BranchTable
  readonly history: HistoryTable
  readonly tokens: TokenTable
  readonly outbox: Outbox

  constructor(file: string) {
    this.#database = openDatabase(file)
    for (const tables of [
      machineTables,
      executionTables,
      branchTables,
      historyTables,
      tokenTables,
      outboxTables,
    ])
      this.#database.exec(tables)
    const statements = new Statements(this.#database)
    this.machines = new MachineTable(statements)
    this.executions = new ExecutionTable(statements)
    this.branches = new BranchTable(statements)
    this.history = new HistoryTable(statements)
    this.tokens = new TokenTable(statements)
    this.outbox = new Outbox(statements)
  }

  close(): void {
    this.#database.close()
  }

  /** Runs `action` as one transaction: all of it is stored, or, when it throws, none of it. */
  transaction<Result>(action: () => Result): Result {
    return inTransaction(this.#database, action)
  }

  /** Forgets an execution and everything about it. */
  forget(execution: number): void {
    this.history.remove(execution)
    this.tokens.remove(execution)
    this.branches.removeAll(execution)
    this.executions.remove(execution)
  }
}
