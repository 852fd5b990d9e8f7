import { type Command, Option } from 'commander'
import type { Work } from '../session.ts'
import { each } from './values.ts'

/** What runs the work of a command when it is called: it is loaded by then, and no earlier. */
export type Start = (work: () => Promise<Work>) => (...called: unknown[]) => Promise<void>

/** What help says of a command beside its options. */
interface Told {
  readonly does: string
  /** What somebody types, without the name of the program, and what comes of it. */
  readonly examples: readonly (readonly [words: string, effect: string])[]
}

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
  const lines = examples.flatMap(([words, effect]) => [`  $ drydock ${words}`.trimEnd(), `      ${effect}`])
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}

/** The option by which a write is harmless to repeat. */
export function repeatable(command: Command): Command {
  return command.addOption(
    new Option('--idempotency-key <key>', 'the same key does it once, however often it is sent'),
  )
}

/** The option of a read that goes back in time. */
export function withAt(command: Command, instant: (text: string) => string): Command {
  return command.addOption(
    new Option('--at <instant>', 'as it was then: 2026-01-31T02:00:00Z').argParser(instant),
  )
}
