import { readFile } from 'node:fs/promises'
import { repeatedNames } from '../../../contracts/repeated-names.ts'
import type { Written } from '../connection/api.ts'
import { misused } from '../failure.ts'
import type { Session } from '../session.ts'

/** In bytes: more is no request, and no plan file. */
const largestFile = 256 * 1024

/** Returns the text of a file, or of the standard input where it is called `-`. Throws a Failure where it cannot be read. */
export async function textOf(
  file: string,
  { surroundings }: Session,
  largest = largestFile,
): Promise<string> {
  const bytes = file === '-' ? await inputOf(surroundings.input, largest) : await fileOf(file)
  if (bytes.byteLength > largest) throw misused(`${file} has more than ${largest} bytes.`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw misused(`${file} is not text (UTF-8).`)
  }
}

/** Says why a file cannot be read, in words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'you may not'
  if (code === 'EISDIR') return 'it is a directory'
  return error instanceof Error ? error.message : String(error)
}

async function fileOf(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (error) {
    throw misused(`${file} cannot be read: ${reasonOf(error)}.`)
  }
}

async function inputOf(input: AsyncIterable<Uint8Array | string>, largest: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of input) {
    const chunk = typeof part === 'string' ? Buffer.from(part) : part
    bytes += chunk.byteLength
    parts.push(chunk)
    if (bytes > largest) break
  }
  return Buffer.concat(parts)
}

/** Returns what a file holds as JSON. Throws a Failure where it is none. */
async function jsonOf(file: string, session: Session, largest = largestFile): Promise<unknown> {
  return jsonIn(await textOf(file, session, largest), file)
}

/** Returns the JSON that a text of a file is. Throws a Failure where it is none, or says a thing twice: what is sent would say it once. */
export function jsonIn(text: string, file: string): unknown {
  const read = parsed(text, file)
  const [twice] = repeatedNames(text, 1)
  if (twice !== undefined) throw misused(`${file} says ${twice} twice.`, 'Next: leave each field once.')
  return read
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw misused(`${file} is not JSON: ${error instanceof Error ? error.message : error}`)
  }
}

/** Returns the object that a file holds as JSON. Throws a Failure where it is none. */
export async function objectOf(file: string, session: Session): Promise<Readonly<Record<string, unknown>>> {
  const read = await jsonOf(file, session)
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw misused(`${file} holds no JSON object.`)
  return { ...read }
}

/** Returns a file as a document: JSON where its name ends so, else YAML. */
export async function documentOf(file: string, session: Session): Promise<Written> {
  return { text: await textOf(file, session), type: file.endsWith('.json') ? 'json' : 'yaml' }
}
