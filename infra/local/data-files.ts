import { join } from 'node:path'

const theLog =
  'It holds the log: restore the data directory from a copy, or choose another one with --data DIR.'
const lost = (what: string) => `Restore it from a copy, or remove it and start again; then ${what}.`

/**
 * What the runtime keeps in its data directory: each file and folder, and what to do where it is damaged. Null: it is read by nobody who could tell,
 * or what is in it has names and remedies of its own.
 */
const remedies = {
  'aws-credentials': null,
  buckets: null,
  'cdk.out': null,
  'cdk.out.sources': null,
  'clock.json': lost(
    "the clock begins at the wall's time, and stands still for each stream until it is past its last commit",
  ),
  'commands.sqlite': lost(
    'commands that were under way on nodes are not known there: whoever waits for them runs out of time',
  ),
  'dynamo.pid': null,
  'dynamo.sqlite': theLog,
  'events.sqlite': lost('events that were on their way to their targets are not delivered'),
  'issuer.json': lost('another key is made, and tokens issued so far are void'),
  keys: null,
  layers: null,
  logs: null,
  'mail.jsonl': null,
  'runtime.lock': null,
  'runtime.pid': null,
  'runtime.sqlite': lost(
    'streams are read anew from what is left of them, which changes nothing twice; dead letters and asynchronous invocations are gone',
  ),
  'schedules.sqlite': lost(
    'schedules are made anew: reconcile, which runs once a day of the clock, does it from the log',
  ),
  secrets: null,
  'shared-local-instance.db': theLog,
  'stepfunctions.sqlite': lost(
    'executions begin anew: reconcile, which runs once a day of the clock, continues each upgrade from the log',
  ),
} as const satisfies Readonly<Record<string, string | null>>

/** The name of something that the runtime keeps in its data directory. */
export type DataFile = keyof typeof remedies

/** Returns where a file or folder of the runtime lies in a data directory. */
export function dataFile(directory: string, name: DataFile): string {
  return join(directory, name)
}

/** Returns what to do where a file of this name is damaged; undefined: it is none of a data directory, or nobody could tell. */
export function remedyOf(name: string): string | undefined {
  return Object.hasOwn(remedies, name) ? (remedies[name as DataFile] ?? undefined) : undefined
}

/** What stands beside a file under its name: a draft of it, or what SQLite keeps there. */
const beside = /(?:\.new|\.next)?(?:-(?:wal|shm|journal))?$/

/** Has the runtime made what stands in a data directory under this name? */
export function isOfRuntime(name: string): boolean {
  const draft = name.replace(/^(issuer\.json)\.[\w-]+$/, '$1')
  return Object.hasOwn(remedies, draft.replace(beside, ''))
}
