import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { remedyOf } from './data-files.ts'

/** A file of the runtime that does not hold what was written to it. The message names the file, what is wrong, and what to do. */
export class DamagedFile extends Error {
  override readonly name = 'DamagedFile'

  constructor(file: string, problem: string, cause?: unknown) {
    super(`The file ${file} is damaged (${problem}). ${remedyFor(file)}`, { cause })
  }
}

function remedyFor(file: string): string {
  const remedy = remedyOf(basename(file))
  if (remedy !== undefined) return remedy
  if (/[\\/]cdk\.out[\\/]/.test(file))
    return 'Remove the directory cdk.out that holds it and start again: it is synthesized anew, and nothing else is in it.'
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
