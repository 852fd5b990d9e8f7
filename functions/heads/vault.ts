import { createHash } from 'node:crypto'
import { type HeadsDocument, readHeads } from '../../events/heads.ts'
import { type Question, Refused, type Send } from '../aws-send.ts'
import { headsPrefix } from '../environment.ts'
import type { KeptHeads } from '../log/heads.ts'

/** Where documents of heads are kept, which nobody can overwrite. */
export interface Vault extends KeptHeads {
  /** Keeps a document; `taken`: one of its number is there. */
  keep(document: HeadsDocument): Promise<'kept' | 'taken'>
}

const highest = 9_999_999_999

/** Names sort the newest first, since S3 lists by name, upwards only, and all that is asked for is the newest. */
function nameOf(number: number): string {
  return `${headsPrefix}${String(highest - number).padStart(10, '0')}.json`
}

/** Opens for reading the vault that is a bucket of S3, to which questions are sent. */
export function openKeptHeads(send: Send): KeptHeads {
  const read = async (path: string): Promise<string> => {
    const question: Question = { method: 'GET', path }
    const answer = await send(question)
    if (answer.status !== 200) throw new Refused(question, answer)
    return answer.text
  }
  return {
    async newest() {
      const list = await read(`?list-type=2&max-keys=1&prefix=${encodeURIComponent(headsPrefix)}`)
      const [, name] = /<Key>([\w/.-]+)<\/Key>/.exec(list) ?? []
      return name === undefined ? undefined : readHeads(await read(name))
    },
    async numbered(number) {
      return readHeads(await read(nameOf(number)))
    },
  }
}

/** Opens the vault that is a bucket of S3, to which questions are sent. */
export function openVault(send: Send): Vault {
  return {
    ...openKeptHeads(send),
    async keep(document) {
      const body = JSON.stringify(document)
      const headers = {
        'content-type': 'application/json',
        'if-none-match': '*',
        // A bucket that locks its objects takes none without a checksum (AWS).
        'x-amz-checksum-sha256': createHash('sha256').update(body).digest('base64'),
      }
      const question: Question = { method: 'PUT', path: nameOf(document.number), headers, body }
      const answer = await send(question)
      // 409: another upload of this name is under way.
      if (answer.status === 412 || answer.status === 409) return 'taken'
      if (answer.status !== 200) throw new Refused(question, answer)
      return 'kept'
    },
  }
}
