import { closeSync, type Dirent, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Gives a file another content: all of it or nothing, also when the power fails. */
export function replace(file: string, text: string): void {
  const draft = `${file}.new`
  try {
    const handle = openSync(draft, 'w', 0o600)
    try {
      writeFileSync(handle, text)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
  renameSync(draft, file)
  syncDirectory(dirname(file))
}

/** Makes that what was renamed in a directory stays so when the power fails. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    // What may not even be read here is nothing that could be started here.
    if (error.code === 'EACCES') return undefined
    throw error
  })
  try {
    await handle?.sync()
  } finally {
    await handle?.close()
  }
}

/** Makes that a directory, and all files and directories in it, are on disk. */
export async function syncTree(directory: string): Promise<void> {
  const within = (entry: Dirent) => join(directory, entry.name)
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await syncTree(within(entry))
    // A link is part of its directory; and who opens a pipe waits for its other end.
    else if (entry.isFile()) await sync(within(entry))
  }
  await sync(directory)
}
