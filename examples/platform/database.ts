import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { before } from './layout.ts'
import { answering } from './process.ts'
import { type Answer, Wrong } from './service.ts'

/** What the process of the database is told first. */
export interface DatabaseBegin {
  /** Where its file and its backups lie. */
  readonly directory: string
  /** The version that it has. */
  readonly version: string
}

/** How the database is, and what was done to it. */
export interface DatabaseReport {
  readonly version: string
  readonly done: Readonly<Record<string, number>>
  /** With the instant of the wall in milliseconds. */
  readonly journal: readonly { readonly at: number; readonly call: string }[]
  /** SHA-256 over its schema and all rows but those that say which migrations were applied. */
  readonly content: string
}

export type DatabaseAsk =
  | { readonly ask: 'begin'; readonly begin: DatabaseBegin }
  | { readonly ask: 'report' }

/** The migrations that there are: from which version to which. */
const migrations: Readonly<Record<string, { readonly from: string }>> = { 'v2.0.0': { from: before } }

function scriptOf(name: string): { readonly text: string; readonly sha256: string } {
  const text = readFileSync(new URL(`./migrations/${name}`, import.meta.url), 'utf8')
  return { text, sha256: createHash('sha256').update(text).digest('hex') }
}

/** A database of SQL whose migrations are applied within a transaction, from the version that the caller expects, or not at all. */
class Database {
  readonly #sql: DatabaseSync
  readonly #directory: string
  readonly #done: Record<string, number> = {}
  readonly #journal: { at: number; call: string }[] = []

  constructor({ directory, version }: DatabaseBegin) {
    this.#directory = directory
    this.#sql = new DatabaseSync(join(directory, 'platform.sqlite'))
    this.#sql.exec(`
      CREATE TABLE schema_migrations (version TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT;
      CREATE TABLE deployments (id TEXT PRIMARY KEY, owner TEXT NOT NULL, configuration BLOB NOT NULL) STRICT;
      INSERT INTO deployments VALUES ('app-1', 'dokedu', randomblob(64)), ('app-2', 'acme', randomblob(64)),
        ('app-3', 'acme', randomblob(64));
    `)
    this.#set(version)
  }

  /** Carries out one call, and returns its answer. Throws Wrong. */
  call(method: string, [first = '', second = '']: readonly string[], body: Answer): Answer {
    const answer = this.#answer(first, second, body)
    if (method === 'POST') {
      this.#done[first] = (this.#done[first] ?? 0) + 1
      this.#journal.push({ at: Date.now(), call: first })
    }
    return answer
  }

  #answer(first: string, second: string, body: Answer): Answer {
    switch (first) {
      case 'schema':
        return this.#present
      case 'migrations':
        return this.#migration(second)
      case 'backup':
        return this.#backUp()
      case 'migrate':
        return this.#migrate(String(body.from), String(body.to))
      case 'migrate-back':
        return this.#migrateBack(String(body.script), String(body.sha256), String(body.to))
      default:
        throw new Wrong(404, `A database does not know ${first}.`)
    }
  }

  get #present(): { readonly version: string; readonly appliedAt: string } {
    const row = this.#sql
      .prepare('SELECT version, applied_at AS appliedAt FROM schema_migrations ORDER BY rowid DESC LIMIT 1')
      .get()
    return row as { version: string; appliedAt: string } // the columns of the query
  }

  #set(version: string): void {
    this.#sql.prepare('INSERT INTO schema_migrations VALUES (?, ?)').run(version, new Date().toISOString())
  }

  #migration(version: string): Answer {
    const { from } = migrations[version] ?? {}
    if (from === undefined) throw new Wrong(404, `There is no migration to ${version}.`)
    const down = `${version}.down.sql`
    return { version, from, down, sha256: scriptOf(down).sha256 }
  }

  #backUp(): Answer {
    const path = join(this.#directory, `backup-${(this.#done.backup ?? 0) + 1}.sqlite`)
    this.#sql.prepare('VACUUM INTO ?').run(path)
    return { path, bytes: readFileSync(path).length, version: this.#present.version }
  }

  /** Applies a script within one transaction, if the version is the one that is expected. */
  #apply(expected: string, script: string, next: string): Answer {
    this.#sql.exec('BEGIN IMMEDIATE')
    try {
      const { version } = this.#present
      if (version !== expected) throw new Wrong(409, `The database is at ${version}, not at ${expected}.`)
      this.#sql.exec(script)
      this.#set(next)
      this.#sql.exec('COMMIT')
    } catch (error) {
      this.#sql.exec('ROLLBACK')
      throw error
    }
    return { version: next }
  }

  #migrate(from: string, to: string): Answer {
    const migration = migrations[to]
    if (migration?.from !== from) throw new Wrong(409, `There is no migration from ${from} to ${to}.`)
    return this.#apply(from, scriptOf(`${to}.up.sql`).text, to)
  }

  /** Takes a migration back by the script that was known before it began. */
  #migrateBack(script: string, sha256: string, to: string): Answer {
    const [version] = Object.entries(migrations).find(([next]) => `${next}.down.sql` === script) ?? []
    if (version === undefined) throw new Wrong(404, `There is no script ${script}.`)
    const known = scriptOf(script)
    if (known.sha256 !== sha256) throw new Wrong(409, `${script} has changed since the migration began.`)
    return this.#apply(version, known.text, to)
  }

  report(): DatabaseReport {
    const rows = (query: string) => JSON.stringify(this.#sql.prepare(query).all())
    const schema = rows("SELECT name, sql FROM sqlite_schema WHERE name <> 'schema_migrations' ORDER BY name")
    const content = createHash('sha256')
      .update(schema)
      .update(rows('SELECT *, hex(configuration) AS configuration FROM deployments ORDER BY id'))
      .digest('hex')
    const { version } = this.#present
    return { version, done: { ...this.#done }, journal: [...this.#journal], content }
  }
}

function open(begin: DatabaseBegin): Promise<string> {
  database = new Database(begin)
  const server = createServer(async (request, response) => {
    const say = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body))
    try {
      const text = Buffer.concat(await Array.fromAsync(request)).toString()
      const [, ...call] = (request.url ?? '').split('/')
      const body: Answer = text === '' ? {} : JSON.parse(text)
      return say(200, database?.call(request.method ?? '', call, body) ?? {})
    } catch (error) {
      return say(error instanceof Wrong ? error.status : 400, { error: String(error) })
    }
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo // a listening TCP server has an AddressInfo
      resolve(`http://127.0.0.1:${port}`)
    })
  })
}

let database: Database | undefined

answering<DatabaseAsk>(async (asked) => (asked.ask === 'begin' ? open(asked.begin) : database?.report()))
