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

/** What a run may come to while it is watched. */
const ends = ['done', 'failed', 'rolled-back', 'waits'] as const

const general = 'Where, and as whom:'

/** Declares one command: its name with its arguments, and what help tells of it. */
export function declare(parent: Command, usage: string, { does, examples }: Told): Command {
  const [name = '', ...args] = usage.split(' ')
  const command = parent.command(name).summary(does).description(does)
  for (const arg of args) command.argument(arg)
  command
    .addOption(new Option('--json', 'print the answer as JSON'))
    .optionsGroup(general)
    .addOption(new Option('--url <address>', 'the API (DRYDOCK_URL; http://127.0.0.1:3100)'))
    .addOption(new Option('--token <token>', 'a token of its issuer (DRYDOCK_TOKEN)'))
    .addOption(new Option('--data <dir>', 'the data directory of one machine (DRYDOCK_DATA)'))
    .addOption(new Option('--as <name>', 'with --data: who you are there (DRYDOCK_AS)'))
    .addOption(
      new Option('--role <role>', 'with --data: what you may, instead of all; repeatable').argParser(each),
    )
    .optionsGroup('Options:')
  const lines = examples.flatMap(([words, effect]) => [
    `  $ drydock ${words}`,
    ...(effect === '' ? [] : [`      ${effect}`]),
  ])
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}

/** Declares a group of commands about one thing. */
export function group(program: Command, name: string, does: string): Command {
  return program.command(name).summary(does).description(does).helpCommand(false)
}

/** The options of what may watch a run afterwards. */
export function watchable(command: Command): Command {
  return watching(command.option('--watch', 'watch it until it is over'))
}

/** The options of what watches a run. */
export function watching(command: Command): Command {
  return command
    .addOption(new Option('--until <end>', 'come back as soon as it stands so, or is over').choices(ends))
    .addOption(
      new Option('--timeout <time>', 'come back after so long, as 30m, with exit code 8').argParser(duration),
    )
}

/** The option of a read that goes back in time. */
export function withAt(command: Command): Command {
  return command.addOption(
    new Option('--at <instant>', 'as it was then: 2026-01-31T02:00:00Z').argParser(instant),
  )
}

/** The options of a list. */
export function listed(command: Command): Command {
  return command.addOption(
    new Option('--limit <count>', 'how many at most').argParser(whole(1, 100_000)).default(50),
  )
}

/** The options of a write that has to be accounted for, or may be. */
export function withReason(command: Command, need: 'needed' | 'optional'): Command {
  const option = new Option('--reason <text>', 'why; it stays in the log')
  return repeatable(command.addOption(need === 'needed' ? option.makeOptionMandatory() : option))
}

/** The option by which a write is harmless to repeat. */
export function repeatable(command: Command): Command {
  return command.addOption(
    new Option('--idempotency-key <key>', 'the same key does it once, however often it is sent'),
  )
}
