import { Command, CommanderError } from 'commander'
import { declareAccess } from './commands/access.ts'
import { declareClosures } from './commands/closures.ts'
import { finish, type Start } from './commands/declare.ts'
import { declareDestinations } from './commands/destinations.ts'
import { declareFleet } from './commands/fleet.ts'
import { declareLicences } from './commands/licences.ts'
import { declarePolicies } from './commands/policies.ts'
import { declareProcedures } from './commands/procedures.ts'
import { declareProfiles } from './commands/profiles.ts'
import { declareRollouts } from './commands/rollouts.ts'
import { declareUpgrades } from './commands/upgrades.ts'
import { declareVerdicts } from './commands/verdicts.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { Given } from './given.ts'
import { looksLikePowerShell, withoutPowerShell } from './powershell.ts'
import type { Surroundings } from './surroundings.ts'
import { printable, printableJson } from './terminal/text.ts'

/** Help looks the same everywhere, and in its document. */
const helpWidth = 80

/** Returns the command line with the names of all commands; `start` runs their work. The options of each come when it is called. */
export function commandLine(
  version: string,
  start: Start,
  streams: Pick<Surroundings, 'out' | 'err'>,
): Command {
  const program = new Command('drydock')
    .description('Rolls out new versions to a fleet, one wave after the other.')
    .version(version, '-V, --version', 'print the version of this program')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ subcommandTerm: termOf })
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError('Next: drydock --help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.out.write(text),
      // What is wrong in a word is told with that word, which a script may have from anywhere.
      writeErr: (text) => streams.err.write(text.split('\n').map(printable).join('\n')),
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
    })
    .hook('preSubcommand', (_, command) => finish(command))
  declareUpgrades(program, start)
  declareFleet(program, start)
  declareLicences(program, start)
  program.commandsGroup('By documents, and by the clock:')
  declareRollouts(program, start)
  declareProcedures(program, start)
  declarePolicies(program, start)
  declareVerdicts(program, start)
  declareProfiles(program, start)
  declareDestinations(program, start)
  program.commandsGroup('What keeps everything from being upgraded:')
  declareClosures(program, start)
  declareAccess(program, start)
  return program.addHelpText(
    'after',
    '\nOptions of each, with examples: drydock deploy --help\nCompletion of words in a shell: drydock complete bash|zsh|fish|powershell',
  )
}

/** Returns a command and all below it, each with its options. */
export function everyCommand(command: Command): Command[] {
  finish(command)
  return [command, ...command.commands.flatMap(everyCommand)]
}

/** Returns how the list of commands names one: all of them have options. */
function termOf(command: Command): string {
  const words = command.registeredArguments.map((word) =>
    word.required ? ` <${word.name()}>` : ` [${word.name()}]`,
  )
  return `${[command.name(), ...command.aliases()].join('|')}${words.join('')}`
}

/** Runs one command and returns what it ends with. */
export async function run(
  words: readonly string[],
  surroundings: Surroundings,
  version: string,
): Promise<ExitCode> {
  let ended: ExitCode = exitCodes.done
  const start: Start =
    (work) =>
    async (...called) => {
      const command = called.at(-1) as Command // as commander calls actions
      const given = new Given(called.slice(0, -2), command.opts())
      const { openSession } = await import('./session.ts')
      ended = await (await work())(openSession(surroundings, given), given)
    }
  const program = commandLine(version, start, surroundings)
  try {
    await program.parseAsync(await understood(words, program), { from: 'user' })
    return ended
  } catch (error) {
    return endOf(error, words, surroundings)
  }
}

/** Returns words as commander understands them. */
async function understood(words: readonly string[], program: Command): Promise<readonly string[]> {
  const [first, ...rest] = words
  // `help deploy` is what people try first.
  if (first === 'help') return [...rest, '--help']
  if (first === 'complete') {
    everyCommand(program)
    await (await import('./completion.ts')).declareCompletion(program)
  }
  if (!looksLikePowerShell(words)) return words
  const names = everyCommand(program).flatMap(({ options }) =>
    options.map(({ long }) => long?.slice(2) ?? ''),
  )
  return withoutPowerShell(words, new Set(names))
}

/** Says why a command could not do its work. */
function endOf(error: unknown, words: readonly string[], surroundings: Surroundings): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  const { err, out, signal } = surroundings
  if (signal.aborted) return exitCodes.unknown
  if (error instanceof Failure) {
    for (const line of error.lines) err.write(`${printable(line)}\n`)
    if (words.includes('--json') && 'problem' in error) out.write(`${printableJson(error.problem, 2)}\n`)
    return error.exitCode
  }
  err.write(`${printable(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`)
  return exitCodes.unknown
}
