import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { syncDirectory } from './durable.ts'

/** The one file of a release of the agent. */
export const agentFile = 'drydock-agent.mjs'

/** Returns where an agent has its own versions, and tries them. */
export const ownDirectory = (directory: string): string => join(directory, 'agent')

/**
 * Where the trial of an agent stands. `waits`: the watchdog has not begun it; `tried`: it has not proven itself yet, or nobody watched it to its end;
 * `back`: it did not, for the reason `why`, and the one before runs again.
 */
export type Standing =
  | { readonly kind: 'none' }
  | { readonly kind: 'waits' | 'tried'; readonly version: string }
  | { readonly kind: 'back'; readonly version: string; readonly why: string }

/**
 * The trial of an agent: a link beside `current`, whose name says where it stands. Each change is the renaming of that link: in one moment,
 * without space on the disk, and the one that comes second finds it gone.
 */
export interface Trial {
  standing(): Standing
  /** Asks the watchdog to try a version, which has its folder. */
  ask(version: string): void
  /** Begins the trial that waits, and returns whether one did. */
  begin(): boolean
  /** The version that is tried is in force from now on. Throws where it is not tried any more. */
  confirm(): void
  /** Ends the trial that was begun, for a reason of letters, digits and hyphens; nothing else has changed. Returns whether there was one. */
  giveUp(why: string): boolean
  /** Keeps what the agent that is tried says of why it does not prove itself, where the disk takes it. */
  note(words: string): void
  /** Returns what it said; empty: nothing. */
  noted(): string
  /** Removes what is left of the last trial. */
  clear(): void
}

const [waiting, trying, current, noteName] = ['trial', 'trying', 'current', 'trial.note']
const back = 'came-back.'

/** Opens the trials of an agent's own directory, which is made where there is none. */
export function openTrial(own: string): Trial {
  mkdirSync(own, { recursive: true, mode: 0o700 })
  const at = (name: string) => join(own, name)
  const versionOf = (name: string): string | undefined => {
    try {
      return decodeURIComponent(basename(readlinkSync(at(name))).replace(/^v-/, ''))
    } catch {
      return undefined
    }
  }
  const left = () => readdirSync(own).filter((name) => name.startsWith(back))
  /** Renames a link; returns whether it was there. */
  const turn = (from: string, to: string): boolean => {
    try {
      renameSync(at(from), at(to))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    }
    syncDirectory(own)
    return true
  }
  return {
    standing() {
      for (const [name, kind] of [
        [trying, 'tried'],
        [waiting, 'waits'],
      ] as const) {
        const version = versionOf(name)
        if (version !== undefined) return { kind, version }
      }
      const [name] = left()
      const version = name && versionOf(name)
      return version ? { kind: 'back', version, why: name.slice(back.length) } : { kind: 'none' }
    },
    ask(version) {
      const draft = at(`${waiting}.new`)
      rmSync(draft, { force: true })
      symlinkSync(join('versions', `v-${encodeURIComponent(version)}`), draft)
      turn(`${waiting}.new`, waiting)
    },
    begin: () => turn(waiting, trying),
    confirm() {
      if (!turn(trying, current)) throw new Error('It is not tried any more.')
    },
    giveUp: (why) => turn(trying, `${back}${why}`),
    note(words) {
      try {
        writeFileSync(at(noteName), words)
      } catch {
        // It is for people alone.
      }
    },
    noted() {
      try {
        return readFileSync(at(noteName), 'utf8').slice(0, 1000)
      } catch {
        return ''
      }
    },
    clear() {
      for (const name of [waiting, trying, noteName, ...left()]) rmSync(at(name), { force: true })
      syncDirectory(own)
    },
  }
}
