import type { Connections } from '../connections.ts'
import type { AccessLine } from './http/access-log.ts'

/** What operations reach; `Beside` names what only some of them do. */
export type Services<Beside extends 'telemetry' = never> = Pick<Connections, 'log' | 'views' | 'now' | Beside>

/** What an endpoint itself needs, whatever its operations reach. */
export interface Reception extends Pick<Connections, 'now'> {
  /** The claim of a token that lists the roles. Where no person is let in, none is needed, and none finds a role. */
  readonly roleClaim?: string
  /** Takes the line about each request; without it, standard output does. */
  record?(line: AccessLine): void
}

/** What an endpoint needs that lets in people by their roles. */
export type ReceptionOfPeople = Reception & Pick<Connections, 'roleClaim'>
