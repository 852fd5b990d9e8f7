import type { Failure } from '../errors.ts'
import type { Row, Statements, Values } from './statements.ts'

/**
 * Where a branch stands inside its state. `entered`: to be run. `waiting`, `retrying`: until `wake`.
 * `calling`: a task is in flight. `returned`, `failed`: the state's work is done, its exit is not.
 * `forked`: its own branches run. `queued`: an iteration that waits for a free place. `ended`: waits for its siblings.
 */
export type BranchStatus =
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

/** How far the work of a state has come. */
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
  readonly status: BranchStatus
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

/** A new branch, before it has an id. */
export type NewBranch = Omit<Branch, 'id'>

/** The columns have the names of the interface; progress and retries are JSON. */
export const branchTables = `
  CREATE TABLE IF NOT EXISTS branches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, execution INTEGER NOT NULL, parent INTEGER, position INTEGER NOT NULL,
    path TEXT NOT NULL, state TEXT NOT NULL, status TEXT NOT NULL, input TEXT NOT NULL, variables TEXT NOT NULL,
    item TEXT, progress TEXT NOT NULL, retries TEXT NOT NULL, enteredEvent INTEGER NOT NULL,
    enteredAt INTEGER NOT NULL, lastEvent INTEGER NOT NULL, wake INTEGER, revision INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS branches_of_execution ON branches (execution);
  CREATE INDEX IF NOT EXISTS branches_of_parent ON branches (parent, position);`

/** The branches of the executions that run. */
export class BranchTable {
  readonly #statements: Statements

  constructor(statements: Statements) {
    this.#statements = statements
  }

  add(branch: NewBranch): number {
    return this.#statements.insert('branches', valuesOf(branch))
  }

  find(id: number): Branch | undefined {
    return branchOf(this.#statements.get('SELECT * FROM branches WHERE id = :id', { id }))
  }

  /** Stores a branch's changes as its next revision. */
  move(branch: Branch, changes: Partial<Branch>): void {
    this.keep({ ...branch, ...changes, revision: branch.revision + 1 })
  }

  /** Stores a branch under the revision it has: for what does not void work in flight. */
  keep(branch: Branch): void {
    const { id, ...row } = branch
    this.#statements.update('branches', id, valuesOf(row))
  }

  /** The branches that a branch has forked, in their order. */
  children(parent: number): Branch[] {
    const sql = 'SELECT * FROM branches WHERE parent = :parent ORDER BY position'
    return this.#statements.all(sql, { parent }).flatMap((row) => branchOf(row) ?? [])
  }

  firstQueued(parent: number): Branch | undefined {
    const sql =
      "SELECT * FROM branches WHERE parent = :parent AND status = 'queued' ORDER BY position LIMIT 1"
    return branchOf(this.#statements.get(sql, { parent }))
  }

  /** Ids of the branches that have something of their own to do or to wait for. */
  active(): number[] {
    const sql = "SELECT id FROM branches WHERE status NOT IN ('forked', 'queued', 'ended') ORDER BY id"
    return this.#statements.all(sql).map((row) => Number(row.id))
  }

  remove(id: number): void {
    this.#statements.run('DELETE FROM branches WHERE id = :id', { id })
  }

  /** Removes the branches of an execution; gives their ids. */
  removeAll(execution: number): number[] {
    const sql = 'DELETE FROM branches WHERE execution = :execution RETURNING id'
    return this.#statements.all(sql, { execution }).map((row) => Number(row.id))
  }
}

function valuesOf({ progress, retries, ...plain }: NewBranch): Values {
  return { ...plain, progress: JSON.stringify(progress), retries: JSON.stringify(retries) }
}

/** The schema above is what makes the cast true. */
function branchOf(row: Row | undefined): Branch | undefined {
  if (row === undefined) return undefined
  return {
    ...row,
    progress: JSON.parse(String(row.progress)),
    retries: JSON.parse(String(row.retries)),
  } as Branch
}
