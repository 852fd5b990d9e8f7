import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { held } from './assignment.ts'
import { replace } from './durable.ts'

/** What is done next of an update that was accepted, in this order; those of the way back follow what did not go well. */
export const stages = [
  'preparing',
  'backing-up',
  'stopping',
  'applying',
  'switching',
  'starting',
  'checking',
  'back-stopping',
  'back-reverting',
  'back-switching',
  'back-restoring',
  'back-starting',
  'back-checking',
] as const
export type Stage = (typeof stages)[number]

const failure = z.object({ code: z.string(), words: z.string(), retryable: z.boolean() })
/** Why an update did not go well. */
export type Failure = z.output<typeof failure>

const shown = z.object({
  manifest: z.string(),
  signatures: z.array(z.object({ keyId: z.string(), scheme: z.string(), signature: z.string() })),
})

const work = z.object({
  attempt: z.string(),
  component: z.string(),
  from: z.string(),
  version: z.string(),
  digest: z.string().nullable(),
  back: z.boolean(),
  shown,
  /** That it is for this target; null: none was asked for. */
  assignment: held.nullable().default(null),
  stage: z.enum(stages),
  failure: failure.nullable(),
})
/** An update that was accepted and has not ended. */
export type Work = z.output<typeof work>

const message = z.object({
  version: z.string(),
  status: z.enum(['in-progress', 'completed', 'failed', 'rejected', 'rolled-back', 'rollback-failed']),
  timestamp: z.string(),
  attempt: z.string(),
  sequence: z.int(),
  details: z.string(),
  code: z.string().optional(),
  retryable: z.boolean().optional(),
})
/** A report that the control plane has not heard yet. */
export type Message = z.output<typeof message>

const command = z.object({
  id: z.string(),
  command: z.string(),
  arguments: z.record(z.string(), z.string()),
  repeatable: z.boolean(),
})
/** What a procedure has the agent run. */
export type Command = z.output<typeof command>

const told = z.object({
  id: z.string(),
  status: z.enum(['done', 'failed']),
  message: z.string(),
  data: z.record(z.string(), z.unknown()),
})
/** How a command ended. */
export type Told = z.output<typeof told>

/** Of the form of a journal. One of a higher number is not read: a field more under the same number has to be one that may be lost. */
const schema = 1
class NewerJournal extends Error {}

const entries = z.object({
  schema: z.literal(schema),
  /** What runs; null: what the configuration says. */
  installed: z.string().nullable(),
  /** Versions that may be gone back to, the newest first; their folders are kept. */
  kept: z.array(z.string()),
  /** The highest counter of a channel that was installed. */
  counters: z.record(z.string(), z.int()),
  /** Of the last report. */
  sequence: z.int(),
  /** The latest instant that is known to have passed, in milliseconds. */
  seen: z.number(),
  work: work.nullable(),
  /** The last attempt that was to be accepted: the control plane may have heard it, and this may have ended before it was begun. */
  accepted: z.string().nullable().default(null),
  /** One that was begun, and how the last one ended: it may be asked for again until that was heard. */
  command: command.nullable(),
  told: told.nullable(),
  /** The last commands that were run: none is run again under its id. */
  ran: z.array(z.string()),
  unsent: z.array(message),
  /** Of the agent itself: what runs, what may be gone back to, and the highest counters, as above. */
  own: z
    .object({
      installed: z.string().nullable(),
      kept: z.array(z.string()),
      counters: z.record(z.string(), z.int()),
      /** The attempts in which a release, by its digest, was tried in vain without a fault of its own. */
      tried: z.record(z.string(), z.array(z.string())),
      /** Digests of releases that are not tried again. */
      givenUp: z.array(z.string()),
    })
    .default({ installed: null, kept: [], counters: {}, tried: {}, givenUp: [] }),
})
export type Entries = z.output<typeof entries>

const nothing: Entries = {
  schema,
  installed: null,
  kept: [],
  counters: {},
  sequence: 0,
  seen: 0,
  work: null,
  accepted: null,
  command: null,
  told: null,
  ran: [],
  unsent: [],
  own: { installed: null, kept: [], counters: {}, tried: {}, givenUp: [] },
}

/** Returns the highest counter that was installed from a channel; 0: nothing was. */
export function highestOf({ now: { counters } }: Journal, channel: string): number {
  return Object.hasOwn(counters, channel) ? (counters[channel] ?? 0) : 0
}

/** What an agent knows of itself: on disk before it is acted upon, all of it or nothing, so that it may be killed at any time. */
export interface Journal {
  readonly now: Entries
  /** Keeps changes. Throws where the disk does not take them: then nothing has changed. */
  write(changes: Partial<Omit<Entries, 'schema'>>): void
}

/** Returns where the journal of a directory is. */
export const journalFile = (directory: string): string => join(directory, 'journal.json')

/** Returns what stands in the journal of a directory; nothing where there is none. Throws where it cannot be read: it is never begun anew by itself. */
export function readEntries(directory: string): Entries {
  const file = journalFile(directory)
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    const { data } = z.object({ schema: z.int() }).safeParse(value)
    if (data && data.schema > schema) throw new NewerJournal(`${file} was written by a newer agent.`)
    return entries.parse(value)
  } catch (error) {
    if (error instanceof NewerJournal) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothing
    throw new Error(
      `${file} cannot be read, and says what is under way here: restore it, or remove it if nothing is.`,
      { cause: error },
    )
  }
}

/** Opens the journal of a directory, which is made where there is none. Throws as {@link readEntries} does. */
export function openJournal(directory: string): Journal {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = journalFile(directory)
  let now = readEntries(directory)
  const reserve = join(directory, 'journal.reserve')
  keepSpace(reserve)
  return {
    get now() {
      return now
    },
    write(changes) {
      const next = { ...now, ...changes }
      const text = `${JSON.stringify(next, null, 2)}\n`
      try {
        replace(file, text)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        rmSync(reserve, { force: true })
        replace(file, text)
      }
      now = next
    },
  }
}

/** Space for what has to be noted while the disk is full: an update that was begun is finished, or taken back, all the same. */
const reservedBytes = 262_144

function keepSpace(reserve: string): void {
  try {
    writeFileSync(reserve, Buffer.alloc(reservedBytes, 1), { mode: 0o600 })
  } catch {
    // There is none: nothing that is begun then gets further than its download.
    rmSync(reserve, { force: true })
  }
}
