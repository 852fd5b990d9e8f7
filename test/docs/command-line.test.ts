import { expect, test } from 'vitest'
import { commandLine, everyCommand } from '../../clients/cli/command-line.ts'
import { exitCodes } from '../../clients/cli/exit-codes.ts'
import { documentAt, spansOf, tableBelow, tableOf } from './documents.ts'

const document = documentAt('docs/command-line.md')
const silent = { write: () => undefined }
const program = commandLine('0.0.0', () => async () => undefined, { out: silent, err: silent })
const all = everyCommand(program)

/** The words of a command with its arguments, as help has them. */
function usageOf(command: (typeof all)[number]): string {
  const words = [command.parent?.parent ? command.parent.name() : '', command.name()]
  const args = command.registeredArguments.map((one) =>
    one.required ? `<${one.name()}>` : `[${one.name()}]`,
  )
  return [...words, ...args].filter((word) => word !== '').join(' ')
}

/** Every command with what help says of it. */
function commandsTable(): string {
  const leaves = all.filter(({ commands }) => commands.length === 0)
  return tableOf(
    ['command', 'what it does'],
    leaves.map((command) => [`\`${usageOf(command)}\``, command.summary()]),
  )
}

const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  done: 'the command did its work; a run is complete (or, of `status`, goes on)',
  unknown: 'nobody knows: no answer, or one that is none',
  usage: 'the command is none, or was given what it does not take; nothing was sent',
  refused: 'the server has refused it, and says why; nothing was changed',
  failed:
    'the run has failed, was aborted or rejected, or has expired; or its rollback has failed; a sample did not get there',
  rolledBack: 'what the run had changed was taken back',
  waits: 'a person has to do something; the next command is said',
  exceptions: 'the run is over, and some targets do not have it; of an import: some were refused',
  timeout: 'the time of `--timeout` is over; the run goes on',
}

/** Every exit code. */
function codesTable(): string {
  const names = Object.entries(exitCodes) as [keyof typeof exitCodes, number][] // Object.entries forgets which keys
  return tableOf(
    ['code', 'means'],
    [...names.map(([name, code]) => [String(code), meanings[name]]), ['130', 'interrupted (Ctrl+C)']],
  )
}

test.each([
  ['commands', commandsTable()],
  ['exit codes', codesTable()],
])('the table of %s is what the program has', (mark, table) => {
  expect(tableBelow(document, mark)).toBe(table)
})

test('every option that the document names is there', () => {
  const named = spansOf(document).flatMap((code) => code.match(/--[a-z][a-z-]+/g) ?? [])
  const known = new Set(all.flatMap(({ options }) => options.map(({ long }) => long ?? '')))
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((option) => !known.has(option) && option !== '--help')).toEqual([])
})
