import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { inTransaction, openDatabase } from '../database.ts'
import type { Failure } from './errors.ts'
import {
  type Branch,
  type EventRow,
  type Execution,
  type ExecutionStatus,
  type NewBranch,
  SCHEMA,
} from './rows.ts'

type Row = Record<string, unknown>

/** The tables of one engine. Every method is synchronous; `transaction` makes several of them one. */
export class Store {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(file: string) {
    this.#database = openDatabase(file)
    this.#database.exec(SCHEMA)
  }

  close(): void {
    this.#database.close()
  }

  /** Runs `action` as one transaction: all of it is stored, or, when it throws, none of it. */
  transaction<Result>(action: () => Result): Result {
    return inTransaction(this.#database, action)
  }

  /** The id of a definition's text, stored once however often it is created. */
  keepDefinition(machine: string, text: string): number {
    this.#run('INSERT OR IGNORE INTO definitions (machine, text) VALUES (?, ?)', machine, text)
    return Number(this.#get('SELECT id FROM definitions WHERE machine = ? AND text = ?', machine, text)?.id)
  }

  definition(id: number): { machine: string; text: string } {
    const row = this.#get('SELECT machine, text FROM definitions WHERE id = ?', id)
    if (row === undefined) throw new Error(`definition ${id} is not stored`)
    return { machine: String(row.machine), text: String(row.text) }
  }

  keepMachine(arn: string, name: string, definition: number, created: number): void {
    this.#run(
      `INSERT INTO machines (arn, name, definition, created) VALUES (?, ?, ?, ?)
       ON CONFLICT (arn) DO UPDATE SET definition = excluded.definition`,
      arn,
      name,
      definition,
      created,
    )
  }

  machine(arn: string): { arn: string; name: string; definition: number; created: number } | undefined {
    const row = this.#get('SELECT * FROM machines WHERE arn = ?', arn)
    return row && machineOf(row)
  }

  machines(
    after: string,
    limit: number,
  ): { arn: string; name: string; definition: number; created: number }[] {
    return this.#all('SELECT * FROM machines WHERE arn > ? ORDER BY arn LIMIT ?', after, limit).map(machineOf)
  }

  addExecution(
    execution: Omit<Execution, 'id' | 'status' | 'output' | 'error' | 'cause' | 'stopped'>,
  ): number {
    const { arn, name, machine, definition, input, started, deadline } = execution
    return this.#insert(
      `INSERT INTO executions (arn, name, machine, definition, status, input, started, deadline)
       VALUES (?, ?, ?, ?, 'RUNNING', ?, ?, ?)`,
      arn,
      name,
      machine,
      definition,
      input,
      started,
      deadline,
    )
  }

  execution(id: number): Execution | undefined {
    return executionOf(this.#get('SELECT * FROM executions WHERE id = ?', id))
  }

  executionNamed(arn: string): Execution | undefined {
    return executionOf(this.#get('SELECT * FROM executions WHERE arn = ?', arn))
  }

  /** Executions of a machine below an id, newest first. */
  executions(machine: string, status: string | undefined, below: number, limit: number): Execution[] {
    return this.#all(
      'SELECT * FROM executions WHERE machine = ? AND id < ? AND (? IS NULL OR status = ?) ORDER BY id DESC LIMIT ?',
      machine,
      below,
      status ?? null,
      status ?? null,
      limit,
    ).flatMap((row) => executionOf(row) ?? [])
  }

  running(): { id: number; deadline: number }[] {
    return this.#all("SELECT id, deadline FROM executions WHERE status = 'RUNNING'").map((row) => ({
      id: Number(row.id),
      deadline: Number(row.deadline),
    }))
  }

  /** Ends an execution; gives the ids of the branches that went with it. */
  endExecution(
    id: number,
    status: ExecutionStatus,
    stopped: number,
    output: string | null,
    failure: Failure,
  ): number[] {
    this.#run(
      'UPDATE executions SET status = ?, stopped = ?, output = ?, error = ?, cause = ? WHERE id = ?',
      status,
      stopped,
      output,
      failure.error ?? null,
      failure.cause ?? null,
      id,
    )
    return this.#all('DELETE FROM branches WHERE execution = ? RETURNING id', id).map((row) => Number(row.id))
  }

  /** Forgets an execution and everything about it. */
  removeExecution(id: number): void {
    for (const table of ['events', 'tokens', 'branches'])
      this.#run(`DELETE FROM ${table} WHERE execution = ?`, id)
    this.#run('DELETE FROM executions WHERE id = ?', id)
  }

  addBranch(branch: NewBranch): number {
    return this.#insert(
      `INSERT INTO branches (execution, parent, position, path, state, phase, input, variables, item, progress, retries,
         enteredEvent, enteredAt, lastEvent, wake, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      branch.execution,
      branch.parent,
      branch.position,
      branch.path,
      branch.state,
      branch.phase,
      branch.input,
      branch.variables,
      branch.item,
      JSON.stringify(branch.progress),
      JSON.stringify(branch.retries),
      branch.enteredEvent,
      branch.enteredAt,
      branch.lastEvent,
      branch.wake,
      branch.revision,
    )
  }

  branch(id: number): Branch | undefined {
    return branchOf(this.#get('SELECT * FROM branches WHERE id = ?', id))
  }

  /** Stores a branch's changes as its next revision and gives it back as it now stands. */
  moveBranch(branch: Branch, changes: Partial<Branch>): Branch {
    const moved = { ...branch, ...changes, revision: branch.revision + 1 }
    this.keepBranch(moved)
    return moved
  }

  /** Stores a branch under the revision it has: for what does not void work in flight. */
  keepBranch(branch: Branch): void {
    this.#run(
      `UPDATE branches SET state = ?, phase = ?, input = ?, variables = ?, progress = ?, retries = ?,
         enteredEvent = ?, enteredAt = ?, lastEvent = ?, wake = ?, revision = ? WHERE id = ?`,
      branch.state,
      branch.phase,
      branch.input,
      branch.variables,
      JSON.stringify(branch.progress),
      JSON.stringify(branch.retries),
      branch.enteredEvent,
      branch.enteredAt,
      branch.lastEvent,
      branch.wake,
      branch.revision,
      branch.id,
    )
  }

  /** The branches that a branch has forked, in their order. */
  children(parent: number): Branch[] {
    return this.#all('SELECT * FROM branches WHERE parent = ? ORDER BY position', parent).flatMap(
      (row) => branchOf(row) ?? [],
    )
  }

  firstQueued(parent: number): Branch | undefined {
    return branchOf(
      this.#get(
        "SELECT * FROM branches WHERE parent = ? AND phase = 'queued' ORDER BY position LIMIT 1",
        parent,
      ),
    )
  }

  removeBranch(id: number): void {
    this.#run('DELETE FROM branches WHERE id = ?', id)
  }

  /** Ids of the branches that have something of their own to do or to wait for. */
  activeBranches(): number[] {
    return this.#all(
      "SELECT id FROM branches WHERE phase NOT IN ('forked', 'queued', 'ended') ORDER BY id",
    ).map((row) => Number(row.id))
  }

  lastEventId(execution: number): number {
    return Number(this.#get('SELECT max(id) AS id FROM events WHERE execution = ?', execution)?.id ?? 0)
  }

  addEvent(execution: number, event: EventRow): void {
    this.#run(
      'INSERT INTO events (execution, id, at, type, previous, details) VALUES (?, ?, ?, ?, ?, ?)',
      execution,
      event.id,
      event.at,
      event.type,
      event.previous,
      event.details,
    )
  }

  /** Events of an execution beyond an id, in the direction asked for. */
  events(execution: number, beyond: number, limit: number, reverse: boolean): EventRow[] {
    const where = reverse ? 'id < ? ORDER BY id DESC' : 'id > ? ORDER BY id'
    return this.#all(
      `SELECT * FROM events WHERE execution = ? AND ${where} LIMIT ?`,
      execution,
      beyond,
      limit,
    ).map((row) => ({
      id: Number(row.id),
      at: Number(row.at),
      type: String(row.type),
      previous: Number(row.previous),
      details: String(row.details),
    }))
  }

  addToken(token: string, branch: Branch): void {
    this.#run(
      'INSERT INTO tokens (token, execution, branch, revision) VALUES (?, ?, ?, ?)',
      token,
      branch.execution,
      branch.id,
      branch.revision,
    )
  }

  token(token: string): { branch: number; revision: number } | undefined {
    const row = this.#get('SELECT branch, revision FROM tokens WHERE token = ?', token)
    return row && { branch: Number(row.branch), revision: Number(row.revision) }
  }

  addToOutbox(event: unknown): void {
    this.#run('INSERT INTO outbox (event) VALUES (?)', JSON.stringify(event))
  }

  outbox(limit: number): { id: number; event: string }[] {
    return this.#all('SELECT id, event FROM outbox ORDER BY id LIMIT ?', limit).map((row) => ({
      id: Number(row.id),
      event: String(row.event),
    }))
  }

  removeFromOutbox(upTo: number): void {
    this.#run('DELETE FROM outbox WHERE id <= ?', upTo)
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#statement(sql).run(...values)
  }

  #insert(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).lastInsertRowid)
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values)
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...values)
  }
}

function machineOf(row: Row): { arn: string; name: string; definition: number; created: number } {
  return {
    arn: String(row.arn),
    name: String(row.name),
    definition: Number(row.definition),
    created: Number(row.created),
  }
}

// SCHEMA is what makes the two casts below true: the columns have the names and types of the interfaces.
function executionOf(row: Row | undefined): Execution | undefined {
  return row as Execution | undefined
}

function branchOf(row: Row | undefined): Branch | undefined {
  if (row === undefined) return undefined
  return {
    ...row,
    progress: JSON.parse(String(row.progress)),
    retries: JSON.parse(String(row.retries)),
  } as Branch
}
