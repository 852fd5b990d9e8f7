/** What the command line ends with. A script tells by it where a run stands, whichever command has asked; docs/command-line.md lists them. */
export const exitCodes = {
  /** The command did its work; of a run: it is complete, and everybody has it. */
  done: 0,
  /** Nobody knows: no answer, one that is none, or a mistake of this program. */
  unknown: 1,
  /** The command is not one, or has what it does not take. Nothing was sent. */
  usage: 2,
  /** The server has refused it, with a reason. Nothing was changed. */
  refused: 3,
  /** The run has failed, was aborted or rejected, or has expired. */
  failed: 4,
  /** What the run had changed was taken back. */
  rolledBack: 5,
  /** The run goes no further until a person does something. */
  waits: 6,
  /** The run is over, and some targets do not have it. */
  exceptions: 7,
  /** The time that was given for watching is over; the run goes on. */
  timeout: 8,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
