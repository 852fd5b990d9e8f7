import { readdirSync, readFileSync } from 'node:fs'

/** Returns the processes, other than this one, that have a directory in their command line: what a runtime on it left behind. */
export function processesOn(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        return words.some((word) => word.startsWith(directory)) ? [`${pid} ${words.join(' ').trim()}`] : []
      } catch {
        // It has ended meanwhile.
        return []
      }
    })
}
