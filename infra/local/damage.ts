import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** What becomes of a data directory that goes on without one of its files, by the file's name. */
const without: Readonly<Record<string, string>> = {
  'stepfunctions.sqlite':
    'executions begin anew: reconcile, which runs once a day of the clock, continues each upgrade from the log',
  'schedules.sqlite':
    'schedules are made anew: reconcile, which runs once a day of the clock, does it from the log',
  'events.sqlite': 'events that were on their way to their targets are not delivered',
  'runtime.sqlite':
    'streams are read anew from what is left of them, which changes nothing twice; dead letters and asynchronous invocations are gone',
  'clock.json':
    "the clock begins at the wall's time, and stands still for each stream until it is past its last commit",
  'issuer.json': 'another key is made, and tokens issued so far are void',
}

/** A file of the runtime that does not hold what was written to it. The message names the file, what is wrong, and what to do. */
export class DamagedFile extends Error {
  override readonly name = 'DamagedFile'

  constructor(file: string, problem: string, cause?: unknown) {
    super(`The file ${file} is damaged (${problem}). ${remedyFor(file)}`, { cause })
  }
}

function remedyFor(file: string): string {
  const lost = without[basename(file)]
  if (lost !== undefined) return `Restore it from a copy, or remove it and start again; then ${lost}.`
  if (/[\\/]cdk\.out[\\/]/.test(file))
    return 'Remove the directory cdk.out that holds it and start again: it is synthesized anew, and nothing else is in it.'
  if (basename(file) === 'dynamo.sqlite')
    return 'It holds the log: restore the data directory from a copy, or choose another one with --data DIR.'
  return 'Synthesize it again with npm run synth.'
}

/** Returns what a file holds as JSON. Throws a DamagedFile when it holds none. */
export function readJson(file: string): unknown {
  const text = readFileSync(file, 'utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    if (text === '') throw new DamagedFile(file, 'it is empty', error)
    throw new DamagedFile(file, error instanceof Error ? error.message : String(error), error)
  }
}
