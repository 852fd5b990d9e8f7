import type { StepWebhook } from '../../../events/procedure.ts'
import type { Direction } from '../../../events/target.ts'
import { NoValue, type Values } from './expression.ts'
import { addressOf, bodyOf } from './template.ts'

/** How whoever got a message says what became of its step: where, by which token, and until which ISO instant. */
export interface Invitation {
  readonly url: string
  readonly token: string
  readonly expiresAt: string
}

/** What a message tells beside what its procedure says: of which step, and at which ISO instant it was sent. */
interface Told {
  readonly target: string
  readonly attempt: string
  readonly step: string
  readonly direction: Direction
  readonly at: string
}

/** Returns the references to the secrets by which the message of a step is signed. */
export function secretsOfMessage({ secret }: StepWebhook): readonly string[] {
  return [secret].flat()
}

const noSecret = () => {
  throw new NoValue('a message holds no secret')
}

/**
 * Returns where the message of a step goes, and its text, which asks to be answered where there is an invitation. It holds no secret: it is signed, and not
 * sealed. Throws NoValue where something that it names is not there, or would lead elsewhere.
 */
export function renderMessage(
  { url, body }: StepWebhook,
  values: Partial<Values>,
  { target, attempt, step, direction, at }: Told,
  callback: Invitation | undefined,
): { readonly url: string; readonly text: string } {
  const data = bodyOf(body, values, noSecret)
  const message = { type: 'step.started', target, attempt, step, direction, at, data }
  return { url: addressOf(url, values), text: JSON.stringify({ ...message, ...(callback && { callback }) }) }
}
