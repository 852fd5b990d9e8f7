import { SendTaskFailureCommand, SendTaskSuccessCommand, type SFNClient } from '@aws-sdk/client-sfn'

/** Ends waits of executions. Only the reactor and the await task may (design: #rights). */
export interface Redemption {
  /** Ends the wait with an output. A wait that is over already, by a time-out or another redemption, is fine. */
  succeed(token: string, output: unknown): Promise<void>
  /** Ends the wait of an execution that has been superseded. */
  fail(token: string, error: string, cause: string): Promise<void>
}

/** Step Functions says these of a token whose wait is over (AWS): the log had decided, so nothing is lost. */
const over: ReadonlySet<string> = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'])

async function unlessOver(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof Error && over.has(error.name))) throw error
  }
}

/** Opens the redemption of tokens with Step Functions. */
export function openRedemption(client: SFNClient): Redemption {
  return {
    succeed: (taskToken, output) =>
      unlessOver(client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }))),
    fail: (taskToken, error, cause) =>
      unlessOver(client.send(new SendTaskFailureCommand({ taskToken, error, cause }))),
  }
}
