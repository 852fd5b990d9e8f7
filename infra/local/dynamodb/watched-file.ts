import { watch } from 'node:fs'

/**
 * Calls `changed` soon after something was written to the SQLite file of another process, once for all that was written meanwhile, and in
 * a turn of its own. Returns a function that stops that; undefined where the operating system does not tell of files.
 */
export function watchDatabase(file: string, changed: () => void): (() => void) | undefined {
  let noticed: NodeJS.Immediate | undefined
  const notice = () => {
    noticed ??= setImmediate(() => {
      noticed = undefined
      changed()
    })
  }
  try {
    // What is committed is appended there. It stays for as long as anybody has the file open.
    const watcher = watch(`${file}-wal`, { persistent: false }, notice)
    // From then on only those are told who look by themselves.
    watcher.on('error', () => watcher.close())
    return () => {
      watcher.close()
      clearImmediate(noticed)
    }
  } catch {
    return undefined
  }
}
