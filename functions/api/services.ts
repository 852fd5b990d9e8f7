import type { ExposureLimit } from '../domain/plan/exposure.ts'
import type { UnsignedReleases } from '../domain/policy/policy.ts'
import type { KeptHeads } from '../log/heads.ts'
import type { Log } from '../log/log.ts'
import type { Leaving } from '../notify/leaving.ts'
import type { PublicKey, Signer } from '../signer.ts'
import type { Views } from '../views/views.ts'
import type { Inbox } from '../work/inbox.ts'
import type { Messages } from '../work/messages.ts'
import type { Probes } from '../work/probes.ts'
import type { Callbacks } from '../work/procedure-callbacks.ts'
import type { Telemetry } from '../work/telemetry.ts'
import type { AccessLine } from './http/access-log.ts'
import type { Allowances } from './http/allowances.ts'

/** All that any operation reaches. */
interface Reached {
  readonly log: Log
  readonly views: Views
  readonly telemetry: Telemetry
  readonly exposure: ExposureLimit
  readonly probes: Probes
  /** What the deployment says of releases that nobody has signed. */
  readonly unsignedReleases: UnsignedReleases
  readonly callbacks: Callbacks
  /** How messages leave. */
  readonly outbound: Leaving['outbound']
  readonly secrets: Leaving['secrets']
  readonly webhooks: Leaving['webhooks']
  readonly mail: Leaving['mail']
  /** Where people and programs reach the API. */
  readonly apiUrl: string
  readonly messages: Messages
  readonly inbox: Inbox
  /** Where the streams stood, day by day, signed. */
  readonly keptHeads: KeptHeads
  /** Signs what is handed over to agents. */
  readonly assignmentSigner: Signer
  /** Returns the half of that key which verifies. */
  assignmentKey(): Promise<PublicKey>
  /** Returns why the deployment does not let a URL be called; undefined: it does, or its addresses decide. */
  uncallable(url: string): string | undefined
  /** The present instant, in milliseconds since the epoch. */
  now(): number
}

/** What only some operations reach. */
export type Extra = Exclude<keyof Reached, 'log' | 'views' | 'now'>

/** What those reach by whom messages leave. */
export type ToLeave = Exclude<keyof Leaving, 'now'>

/** What operations reach; `Beside` names what only some of them do. */
export type Services<Beside extends Extra = never> = Pick<Reached, 'log' | 'views' | 'now' | Beside>

/** What an endpoint itself needs, whatever its operations reach. */
export interface Reception extends Pick<Reached, 'now'> {
  /** The claim of a token that lists the roles. Where no person is let in, none is needed, and none finds a role. */
  readonly roleClaim?: string
  /** By which domain agents are let in alone, with a certificate; left out or empty: by any, and without. */
  readonly agentDomain?: string
  /** Takes the line about each request; without it, standard output does. */
  record?(line: AccessLine): void
  /** How much a caller may ask of this instance, where it is not as usual. */
  readonly allowances?: Allowances
}

/** What the endpoint needs that lets in agents. */
export type ReceptionOfAgents = Reception & { readonly agentDomain: string }

/** What an endpoint needs that lets in people by their roles. */
export type ReceptionOfPeople = Reception & { readonly roleClaim: string }
