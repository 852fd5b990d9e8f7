import { Api } from './connection/api.ts'
import { settingsOf } from './connection/settings.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Given } from './given.ts'
import type { Surroundings } from './surroundings.ts'
import { Console } from './terminal/console.ts'

/** What the work of a command is done with. */
export interface Session {
  readonly api: Api
  readonly console: Console
  readonly surroundings: Surroundings
  /** Is the answer wanted as JSON? */
  readonly json: boolean
}

/** The work of a command. It returns what the command ends with; it throws a Failure where it could not be done. */
export type Work = (session: Session, given: Given) => Promise<ExitCode>

/** Opens what a command works with. Throws a Failure where an option makes no sense. */
export function openSession(surroundings: Surroundings, given: Given): Session {
  const { url, token } = settingsOf(given, surroundings)
  const api = new Api({ url, token, signal: surroundings.signal, key: given.text('idempotencyKey') })
  return { api, console: new Console(surroundings), surroundings, json: given.has('json') }
}
