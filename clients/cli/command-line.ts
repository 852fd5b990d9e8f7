import { Command, CommanderError } from 'commander'
import { declareAccess } from './commands/access.ts'
import { declareClosures } from './commands/closures.ts'
import type { Start } from './commands/declare.ts'
import { declareFleet } from './commands/fleet.ts'
import { declareProcedures } from './commands/procedures.ts'
import { declareProfiles } from './commands/profiles.ts'
import { declareRollouts } from './commands/rollouts.ts'
import { declareUpgrades } from './commands/upgrades.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { Given } from './given.ts'
import { withoutPowerShell } from './powershell.ts'
import { openSession } from './session.ts'
import type { Surroundings } from './surroundings.ts'
import { printable, printableJson } from './terminal/text.ts'

/** Returns the whole command line, with every command; `start` runs their work. */
function commandLine(version: string, start: Start): Command {
  const program = new Command('drydock')
    .description('Rolls out new versions to a fleet, one wave after the other.')
    .version(version, '-V, --version', 'print the version of this program')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ subcommandTerm: termOf })
    .helpCommand('help [command]', 'print the help of a command')
    .enablePositionalOptions()
    .showSuggestionAfterError()
  declareUpgrades(program, start)
  declareFleet(program, start)
  program.commandsGroup('By documents, and by the clock:')
  declareRollouts(program, start)
  declareProcedures(program, start)
  declareProfiles(program, start)
  program.commandsGroup('What keeps everything from being upgraded:')
  declareClosures(program, start)
  declareAccess(program, start)
  return program
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
      ended = await (await work())(openSession(surroundings, given), given)
    }
  const program = commandLine(version, start)
  // What completes words asks the declarations; it is loaded for nothing else.
  if (words[0] === 'complete') await (await import('./completion.ts')).declareCompletion(program)
  everyCommand(program).forEach((command) => {
    command.exitOverride().configureOutput({
      writeOut: (text) => surroundings.out.write(text),
      writeErr: (text) => surroundings.err.write(text),
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
    })
  })
  try {
    await program.parseAsync(withoutPowerShell(words, longOptions(program)), { from: 'user' })
    return ended
  } catch (error) {
    return endOf(error, words, surroundings)
  }
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

function longOptions(program: Command): ReadonlySet<string> {
  const names = everyCommand(program).flatMap(({ options }) =>
    options.map(({ long }) => long?.slice(2) ?? ''),
  )
  return new Set(names.filter((name) => name !== ''))
}

/** Says why a command could not do its work. */
function endOf(error: unknown, words: readonly string[], { err, out, signal }: Surroundings): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  if (signal.aborted) return exitCodes.unknown
  if (error instanceof Failure) {
    for (const line of error.lines) err.write(`${printable(line)}\n`)
    if (words.includes('--json') && 'problem' in error) out.write(`${printableJson(error.problem, 2)}\n`)
    return error.exitCode
  }
  err.write(`${printable(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`)
  return exitCodes.unknown
}
