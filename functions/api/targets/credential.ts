import { randomBytes } from 'node:crypto'
import { sha256 } from '../../../events/canonical.ts'
import { day, instantOf } from '../../../events/time.ts'

/** How long an enrolment token is good for. */
const enrolmentDays = 7

/** A one-time enrolment token: the text for the agent, and what the log keeps of it. */
export interface EnrolmentToken {
  readonly token: string
  readonly hash: string
  readonly expiresAt: string
}

/** Makes an enrolment token of 256 random bits for a target; `now` is in milliseconds since the epoch. */
export function newEnrolment(target: string, now: number): EnrolmentToken {
  const secret = randomBytes(32).toString('base64url')
  return {
    token: `drydock-enrol.${target}.${secret}`,
    hash: sha256(secret),
    expiresAt: instantOf(now + enrolmentDays * day),
  }
}

/** Returns the credential of an agent that made this key for itself. */
export function agentCredential(target: string, key: string): string {
  return `drydock-agent.${target}.${key}`
}
