import { ZodError } from 'zod'
import { endCommand, readCommandLine } from '../command-line.ts'
import { keepToOwner, makeDataDirectory } from './data-directory.ts'
import { secretArn, storeSecret } from './secrets.ts'

const usage = `npm run --silent secret -- --name NAME [options] < FILE

Stores a secret for the runtime that keeps its data in a directory, in place of one of that name. The value
comes from the standard input, so that it is in no list of commands; a line break at its end is not of it.

  --name NAME  how it is referred to: letters, digits and / _ + = . @ -
  --data DIR   the data directory of the runtime (.drydock)`

/** Stores what comes from the standard input, and shows by what it is referred to. */
async function main(): Promise<void> {
  const { values } = readCommandLine(usage, {
    options: { data: { type: 'string', default: '.drydock' }, name: { type: 'string' } },
  })
  if (values.name === undefined) throw new Error(`By which name?\n\n${usage}`)
  if (process.stdin.isTTY)
    throw new Error(
      `A value that is typed would stand on the screen: send it from a file or a pipe.\n\n${usage}`,
    )
  const bytes = Buffer.concat(await Array.fromAsync(process.stdin))
  const value = textOf(bytes).replace(/\r?\n$/, '')
  keepToOwner()
  makeDataDirectory(values.data)
  try {
    storeSecret(values.data, values.name, value)
  } catch (error) {
    if (!(error instanceof ZodError)) throw error
    const wrong = error.issues.map(({ path }) => path[0])
    throw new Error(
      wrong.includes('name')
        ? `A name is of 1 to 512 letters, digits and / _ + = . @ -.\n\n${usage}`
        : `A value has 1 to 65,536 characters.\n\n${usage}`,
    )
  }
  console.log(`Stored: refer to it as ${values.name}, or as ${secretArn(values.name)}.`)
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error('The value is not text (UTF-8): secrets that are bytes are kept in base64.')
  }
}

main().catch(endCommand)
