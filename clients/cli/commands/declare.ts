import { type Command, Option } from 'commander'
import type { Work } from '../session.ts'
import { duration, each, instant, whole } from './values.ts'

/** What runs the work of a command when it is called: it is loaded by then, and no earlier. */
export type Start = (work: () => Promise<Work>) => (...called: unknown[]) => Promise<void>

/** What help says of a command beside its options. */
interface Told {
  readonly does: string
  /** What somebody types, without the name of the program, and what comes of it where that needs words. */
  readonly examples: readonly (readonly [words: string, effect: string])[]
}

/** What makes a command whole when it is wanted: most of a start would else be options of commands that nobody has called. */
const unfinished = new WeakMap<Command, () => void>()

/** Gives a command its options, if it has them not yet. */
export function finish(command: Command): void {
  unfinished.get(command)?.()
  unfinished.delete(command)
}

/** Makes the value of an option of its text. */
// biome-ignore lint/suspicious/noExplicitAny: each reader knows what it has made before
type Read = (text: string, before?: any) => unknown

/** A command as it is declared: its options are made when it is called. */
export class Declaration {
  readonly #command: Command
  readonly #parts: ((command: Command) => void)[] = []

  constructor(command: Command) {
    this.#command = command
    unfinished.set(command, () => {
      for (const part of this.#parts) part(command)
    })
  }

  /** Adds an option; `read` makes its value of a text, and of the value before where it may be given again; `usual` is what it is where it is not given. */
  option(flags: string, does: string, read?: Read, usual?: number): this {
    this.#parts.push((command) => {
      const option = new Option(flags, does).default(usual)
      command.addOption(read ? option.argParser<unknown>(read) : option)
    })
    return this
  }

  /** Adds an option without which the command is none. */
  needed(flags: string, does: string, read?: Read): this {
    this.#parts.push((command) => {
      const option = new Option(flags, does).makeOptionMandatory()
      command.addOption(read ? option.argParser<unknown>(read) : option)
    })
    return this
  }

  /** Adds an option that is one of some words. */
  choice(flags: string, does: string, words: readonly string[]): this {
    this.#parts.push((command) => {
      command.addOption(new Option(flags, does).choices(words))
    })
    return this
  }

  /** Names what the options that follow are about. */
  about(title: string): this {
    this.#parts.push((command) => {
      command.optionsGroup(title)
    })
    return this
  }

  /** Gives it another name. */
  alias(name: string): this {
    this.#command.alias(name)
    return this
  }

  /** Says what is done when it is called. */
  runs(action: (...called: unknown[]) => Promise<void>): void {
    this.#command.action(action)
  }

  /** Adds what help says below the options. */
  after(text: string): this {
    this.#parts.push((command) => {
      command.addHelpText('after', text)
    })
    return this
  }
}

/** Declares one command: its name with its arguments, and what help tells of it. */
export function declare(parent: Command, usage: string, { does, examples }: Told): Declaration {
  const [name = '', ...args] = usage.split(' ')
  const command = parent.command(name).summary(does).description(does)
  for (const arg of args) command.argument(arg)
  const path = parent.parent === null ? name : `${parent.name()} ${name}`
  command.showHelpAfterError(`Next: drydock ${path} --help`)
  const lines = examples.flatMap(([words, effect]) => [
    `  $ drydock ${words}`,
    ...(effect === '' ? [] : [`      ${effect}`]),
  ])
  return new Declaration(command)
    .option('--json', 'print the answer as JSON')
    .about('Where, and as whom:')
    .option('--url <address>', 'the API (DRYDOCK_URL; http://127.0.0.1:3100)')
    .option('--token <token>', 'a token of its issuer (DRYDOCK_TOKEN)')
    .option('--data <dir>', 'the data directory of one machine (DRYDOCK_DATA)')
    .option('--as <name>', 'with --data: who you are there (DRYDOCK_AS)')
    .option('--role <role>', 'with --data: what you may, instead of all; repeatable', each)
    .about('Options:')
    .after(`\nExamples:\n${lines.join('\n')}`)
}

/** Declares a group of commands about one thing: they are made when one of them is called. */
export function group(
  program: Command,
  name: string,
  does: string,
  declareAll: (group: Command) => void,
): void {
  const made = program.command(name).summary(does).description(does).helpCommand(false)
  made.hook('preSubcommand', (_, command) => finish(command))
  unfinished.set(made, () => declareAll(made))
}

/** What a run may come to while it is watched. */
const ends = ['done', 'failed', 'rolled-back', 'waits'] as const

/** The options of what may watch a run afterwards. */
export function watchable(command: Declaration): Declaration {
  return watching(command.option('--watch', 'watch it until it is over'))
}

/** The options of what watches a run. */
export function watching(command: Declaration): Declaration {
  return command
    .choice('--until <end>', 'come back as soon as it stands so, or is over', ends)
    .option('--timeout <time>', 'come back after so long, as 30m, with exit code 8', duration)
}

/** The option of a read that goes back in time. */
export function withAt(command: Declaration): Declaration {
  return command.option('--at <instant>', 'as it was then: 2026-01-31T02:00:00Z', instant)
}

/** The options of a list; `most` is what its operation gives at once where it has no pages. */
export function listed(command: Declaration, { usual = 50, most = 100_000 } = {}): Declaration {
  return command.option('--limit <count>', 'how many at most', whole(1, most), usual)
}

/** The options of a write that has to be accounted for, or may be. */
export function withReason(command: Declaration, need: 'needed' | 'optional'): Declaration {
  const [flags, does] = ['--reason <text>', 'why; it stays in the log'] as const
  return repeatable(need === 'needed' ? command.needed(flags, does) : command.option(flags, does))
}

/** The option by which a write is harmless to repeat. */
export function repeatable(command: Declaration): Declaration {
  return command.option('--idempotency-key <key>', 'the same key does it once, however often it is sent')
}
