import type { Config } from './config.ts'
import type { Command, Journal, Told } from './journal.ts'
import { run } from './programs.ts'

/** What commands are run with. */
export interface Commanding {
  readonly config: Config
  readonly journal: Journal
  tell(words: string): void
}

/** So many commands are known again. */
const remembered = 100

/** The longest message, in characters, and the longest data, in bytes of JSON, that are taken (POST /api/v1/updates/commands). */
const most = { message: 512, data: 16_384 } as const

/** Returns what a command has said: an object of JSON in its last line is data, everything else is for people. */
function saidIn(text: string): Pick<Told, 'message' | 'data'> {
  const words = text.trim()
  const line = words.split('\n').at(-1) ?? ''
  try {
    const data: unknown = JSON.parse(line)
    const isObject = typeof data === 'object' && data !== null && !Array.isArray(data)
    if (isObject && Buffer.byteLength(line) <= most.data) {
      const rest = words.slice(0, words.length - line.length).trim()
      return { message: messageOf(rest || 'It was run.'), data: { ...data } }
    }
  } catch {
    // It is for people.
  }
  return { message: messageOf(words || 'It was run.'), data: {} }
}

function messageOf(words: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is left out
  return words.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(-most.message)
}

/** Runs a command, or finds out whether one that was cut off was done; returns how it ended. */
async function outcomeOf(
  { id, command, arguments: given, repeatable }: Command,
  wasBegun: boolean,
  { config }: Commanding,
): Promise<Told> {
  const how = Object.hasOwn(config.commands, command) ? config.commands[command] : undefined
  const failed = (message: string): Told => ({ id, status: 'failed', message: messageOf(message), data: {} })
  if (!how) return failed(`commands.${command} is not said here: it is not run.`)
  const named = Object.entries(given).map(([name, text]) => [`DRYDOCK_ARG_${name.toUpperCase()}`, text])
  const environment = { DRYDOCK_COMMAND: command, ...Object.fromEntries(named) }
  const start = (program: readonly string[]) =>
    run(program, { environment, directory: config.directory, seconds: config.programTimeout })
  if (wasBegun && !repeatable) {
    if (!how.check)
      return failed(
        `It was cut off, and commands.${command}.check, which would say whether it was done, is not said here.`,
      )
    try {
      return { id, status: 'done', ...saidIn(await start(how.check)) }
    } catch {
      // It was not done.
    }
  }
  try {
    return { id, status: 'done', ...saidIn(await start(how.run)) }
  } catch (error) {
    return failed((error as Error).message)
  }
}

/** Runs what a procedure asks for, once: that it is begun is noted before, and how it ended afterwards, which is said before anything is asked for again. */
export async function runCommand(using: Commanding, asked: Command): Promise<void> {
  const { journal, tell } = using
  const { ran } = journal.now
  if (ran.includes(asked.id)) return tell(`${asked.command} was run, and is not run again under its id`)
  const wasBegun = journal.now.command?.id === asked.id
  const { id, command, arguments: given, repeatable } = asked
  journal.write({ command: { id, command, arguments: given, repeatable }, told: null })
  tell(`${command} is run`)
  const told = await outcomeOf(asked, wasBegun, using)
  journal.write({ told, ran: [...ran, id].slice(-remembered) })
  tell(`${command}: ${told.status}: ${told.message}`)
}
