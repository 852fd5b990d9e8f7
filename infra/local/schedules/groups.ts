import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../clock.ts'
import { inTransaction } from '../database.ts'
import { checkedName } from './definition.ts'
import { conflict, invalid, missing, unknownOperation } from './errors.ts'
import { clientTokenOf, cut, pageOf, type Query } from './request.ts'
import type { ScheduleTable } from './table.ts'

/** The groups of schedules. */
export interface ScheduleGroups {
  has(name: string): boolean
  /** Answers one call below `/schedule-groups`; throws a SchedulerError. */
  answer(method: string, name: string | undefined, query: Query, body: unknown): unknown
}

type Row = Readonly<Record<string, unknown>>

/** Opens the groups in a database; `default` is always among them. A group goes with its schedules. */
export function openScheduleGroups(options: {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly schedules: ScheduleTable
  arnOf(name: string): string
}): ScheduleGroups {
  const { database, clock, schedules, arnOf } = options
  database.exec(
    'CREATE TABLE IF NOT EXISTS groups (name TEXT PRIMARY KEY, created REAL NOT NULL, clientToken TEXT) STRICT',
  )
  const insert = database.prepare(
    'INSERT OR IGNORE INTO groups (name, created, clientToken) VALUES (?, ?, ?)',
  )
  const select = database.prepare('SELECT * FROM groups WHERE name = ?')
  const selectPage = database.prepare(
    'SELECT * FROM groups WHERE name > :after AND substr(name, 1, length(:prefix)) = :prefix ORDER BY name LIMIT :limit',
  )
  const remove = database.prepare('DELETE FROM groups WHERE name = ?')
  insert.run('default', clock.now(), null)

  function described({ name, created }: Row): unknown {
    return {
      Arn: arnOf(String(name)),
      Name: name,
      State: 'ACTIVE',
      CreationDate: Number(created) / 1000,
      LastModificationDate: Number(created) / 1000,
    }
  }

  function list(query: Query): unknown {
    const page = pageOf(query)
    const rows = selectPage.all({ after: page.after, prefix: query.NamePrefix ?? '', limit: page.size + 1 })
    const { items, next } = cut(rows, page, ({ name }) => String(name))
    return { ScheduleGroups: items.map(described), ...next }
  }

  function create(name: string, present: Row | undefined, body: unknown): unknown {
    const clientToken = clientTokenOf(body)
    if (present !== undefined && (clientToken === null || present.clientToken !== clientToken))
      conflict(`Schedule group ${name} already exists.`)
    insert.run(name, clock.now(), clientToken)
    return { ScheduleGroupArn: arnOf(name) }
  }

  return {
    has: (name) => select.get(name) !== undefined,
    answer(method, given, query, body) {
      if (given === undefined && method === 'GET') return list(query)
      const name = checkedName(given)
      const present = select.get(name)
      if (method === 'POST') return create(name, present, body)
      if (present === undefined) return missing(`Schedule group ${name} does not exist.`)
      if (method === 'GET') return described(present)
      if (method !== 'DELETE') return unknownOperation(method, `/schedule-groups/${name}`)
      if (name === 'default') invalid('The default schedule group cannot be deleted.')
      inTransaction(database, () => {
        schedules.removeGroup(name)
        remove.run(name)
      })
      return {}
    },
  }
}
