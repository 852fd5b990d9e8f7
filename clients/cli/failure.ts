import { type ExitCode, exitCodes } from './exit-codes.ts'

/** Ends a command: what is wrong, in lines for a person, and with which code. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: ExitCode
  readonly lines: readonly string[]

  constructor(exitCode: ExitCode, ...lines: readonly string[]) {
    super(lines[0])
    this.exitCode = exitCode
    this.lines = lines
  }
}

/** Returns what ends a command that was given what it does not take. */
export function misused(...lines: readonly string[]): Failure {
  return new Failure(exitCodes.usage, ...lines)
}
