import type { DatabaseSync } from 'node:sqlite'
import type { ScheduleDefinition } from './definition.ts'
import type { Page, Query } from './request.ts'

/** A schedule as it lies in the table. */
export interface StoredSchedule {
  readonly groupName: string
  readonly name: string
  readonly definition: ScheduleDefinition
  /** Another one with every change: what fired under an older one has no say any more. */
  readonly revision: string
  readonly clientToken: string | null
  readonly origin: 'api' | 'template'
  /** The instant at which it fires next; null when it will not. */
  readonly nextDue: number | null
  readonly created: number
  readonly modified: number
}

/** The schedules of one file. */
export interface ScheduleTable {
  find(groupName: string, name: string): StoredSchedule | undefined
  put(schedule: StoredSchedule): void
  /** Those that are due at an instant, the earliest first. */
  due(now: number): StoredSchedule[]
  /** The first instant after another at which one is due, among those with a rate or among all others. */
  nextDue(after: number, among: 'rates' | 'others'): number | undefined
  moveOn(schedule: StoredSchedule, nextDue: number | null): void
  remove(schedule: StoredSchedule): void
  /** Removes the schedule of a revision when it will not fire again. */
  removeCompleted(revision: string): void
  removeGroup(groupName: string): void
  /** One more than the page holds, when there are more. */
  page(page: Page, query: Query): StoredSchedule[]
  ofTemplate(): StoredSchedule[]
}

/** Opens the table of schedules in a database. */
export function openScheduleTable(database: DatabaseSync): ScheduleTable {
  database.exec(`
    CREATE TABLE IF NOT EXISTS schedules (
      groupName TEXT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL, revision TEXT NOT NULL,
      clientToken TEXT, origin TEXT NOT NULL, nextDue REAL, created REAL NOT NULL, modified REAL NOT NULL,
      PRIMARY KEY (groupName, name)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS schedules_due ON schedules (nextDue)`)
  const upsert = database.prepare(`INSERT OR REPLACE INTO schedules
    (groupName, name, definition, revision, clientToken, origin, nextDue, created, modified)
    VALUES (:groupName, :name, :definition, :revision, :clientToken, :origin, :nextDue, :created, :modified)`)
  const select = database.prepare('SELECT * FROM schedules WHERE groupName = ? AND name = ?')
  const selectDue = database.prepare('SELECT * FROM schedules WHERE nextDue <= ? ORDER BY nextDue')
  const selectNext = database.prepare(
    `SELECT min(nextDue) AS due FROM schedules
     WHERE nextDue > ? AND (json_extract(definition, '$.ScheduleExpression') LIKE 'rate(%') = ?`,
  )
  const moveOn = database.prepare('UPDATE schedules SET nextDue = ? WHERE groupName = ? AND name = ?')
  const remove = database.prepare('DELETE FROM schedules WHERE groupName = ? AND name = ?')
  const removeCompleted = database.prepare('DELETE FROM schedules WHERE revision = ? AND nextDue IS NULL')
  const removeGroup = database.prepare('DELETE FROM schedules WHERE groupName = ?')
  const selectPage = database.prepare(
    `SELECT * FROM schedules WHERE (groupName || '/' || name) > :after AND (:groupName IS NULL OR groupName = :groupName)
     AND substr(name, 1, length(:prefix)) = :prefix
     AND (:state IS NULL OR json_extract(definition, '$.State') = :state)
     ORDER BY groupName || '/' || name LIMIT :limit`,
  )
  const selectOfTemplate = database.prepare("SELECT * FROM schedules WHERE origin = 'template'")

  return {
    find: (groupName, name) => select.all(groupName, name).map(scheduleOf)[0],
    put: (schedule) => void upsert.run({ ...schedule, definition: JSON.stringify(schedule.definition) }),
    due: (now) => selectDue.all(now).map(scheduleOf),
    nextDue(after, among) {
      const due = selectNext.get(after, among === 'rates' ? 1 : 0)?.due
      return typeof due === 'number' ? due : undefined
    },
    moveOn: ({ groupName, name }, nextDue) => void moveOn.run(nextDue, groupName, name),
    remove: ({ groupName, name }) => void remove.run(groupName, name),
    removeCompleted: (revision) => void removeCompleted.run(revision),
    removeGroup: (groupName) => void removeGroup.run(groupName),
    page: ({ after, size }, { ScheduleGroup = null, NamePrefix: prefix = '', State: state = null }) =>
      selectPage.all({ after, groupName: ScheduleGroup, prefix, state, limit: size + 1 }).map(scheduleOf),
    ofTemplate: () => selectOfTemplate.all().map(scheduleOf),
  }
}

/** The columns above and what `put` writes are what makes the cast true. */
function scheduleOf(row: Readonly<Record<string, unknown>>): StoredSchedule {
  return { ...row, definition: JSON.parse(String(row.definition)) } as StoredSchedule
}
