import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../clock.ts'
import { checkPattern } from './check-pattern.ts'
import { unknownProperty } from './errors.ts'
import type { BusEvent } from './event.ts'
import { matches } from './pattern.ts'

/** An archive, as `AWS::Events::Archive` spells it. */
export interface ArchiveProperties {
  readonly ArchiveName?: string
  readonly SourceArn: string
  readonly Description?: string
  readonly EventPattern?: unknown
  readonly RetentionDays?: number
}

/** The archives of all buses. */
export interface Archives {
  /** Declares an archive of a bus; throws on what would be ignored. */
  create(bus: string, properties: ArchiveProperties): void
  /** Keeps an event wherever it is wanted. Call it inside the transaction that acknowledges the event. */
  keep(bus: string, event: BusEvent): void
  /** The events that an archive still holds, oldest first. */
  held(archiveName: string): BusEvent[]
}

const fields = ['ArchiveName', 'SourceArn', 'Description', 'EventPattern', 'RetentionDays']
const dayInMilliseconds = 86_400_000

/** Opens the archives in a database; which there are is declared anew at every start. */
export function openArchives(database: DatabaseSync, clock: Clock): Archives {
  database.exec(`
    CREATE TABLE IF NOT EXISTS archived (
      id INTEGER PRIMARY KEY AUTOINCREMENT, archive TEXT NOT NULL, event TEXT NOT NULL, expires REAL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS archived_by_archive ON archived (archive, id)`)
  const insert = database.prepare('INSERT INTO archived (archive, event, expires) VALUES (?, ?, ?)')
  const forget = database.prepare('DELETE FROM archived WHERE archive = ? AND expires < ?')
  const select = database.prepare('SELECT event FROM archived WHERE archive = ? ORDER BY id')
  const archives: { bus: string; name: string; pattern: unknown; days: number }[] = []

  return {
    create(bus, properties) {
      const {
        ArchiveName: name = `${bus}-archive`,
        EventPattern: pattern,
        RetentionDays: days = 0,
      } = properties
      const problem = unknownProperty(properties, fields, `Archive ${name}`)
      if (problem !== undefined) throw new Error(problem)
      if (pattern !== undefined) checkPattern(pattern)
      archives.push({ bus, name, pattern, days })
    },
    keep(bus, event) {
      for (const { name, pattern, days } of archives.filter((archive) => archive.bus === bus)) {
        if (pattern !== undefined && !matches(pattern, event)) continue
        // Zero days of retention are forever, as for AWS.
        const expires = days === 0 ? null : clock.now() + days * dayInMilliseconds
        insert.run(name, JSON.stringify(event), expires)
        forget.run(name, clock.now())
      }
    },
    held: (name) => select.all(name).map((row) => JSON.parse(String(row.event)) as BusEvent), // written by keep()
  }
}
