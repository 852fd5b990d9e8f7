import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type HeadsDocument, readHeads, readHeadsKey } from '../../events/heads.ts'
import type { SignedHeads } from '../../functions/audit/heads.ts'

/** Returns the files that paths name: a directory stands for all that it holds. */
function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.name.endsWith('.json'))
    .flatMap(({ name }) => filesIn(join(path, name)))
}

function documentIn(file: string): HeadsDocument {
  try {
    return readHeads(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Error(`${file} holds no heads as they are written every day.`, { cause: error })
  }
}

/** Opens documents of heads for an audit, in the order of their numbers; one at a time is in memory. Throws, naming the file that holds none. */
export function openKeptHeads(paths: readonly string[], keyFile: string): SignedHeads {
  const files = paths.flatMap(filesIn).map((file) => ({ file, number: documentIn(file).number }))
  if (files.length === 0) throw new Error(`There are no documents of heads in ${paths.join(', ')}.`)
  files.sort((one, other) => one.number - other.number)
  const documents = function* () {
    for (const { file } of files) yield documentIn(file)
  }
  return { documents: documents(), key: readHeadsKey(readFileSync(keyFile, 'utf8')) }
}
