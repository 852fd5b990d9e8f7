import type { Answered, Call, Delivery } from './call.ts'
import { openCredentials, type TokenSource } from './credentials.ts'
import type { Guard } from './guard.ts'
import { openSend } from './http.ts'
import { retryAfter } from './retry.ts'

/** How the functions call other systems. */
export interface Outbound {
  /** Sends a call once, as far as the guard lets it. */
  send(call: Call): Promise<Delivery>
  /** The same with a bearer token, and once more where that had run out. */
  sendAs(call: Call, source: TokenSource): Promise<Delivery>
  /** Returns after how many seconds the other side wants to be asked again; undefined: it does not say. */
  retryAfter(answer: Pick<Answered, 'headers'>): number | undefined
}

/** Opens the way out past a guard. `now` is in milliseconds since the epoch. */
export function openOutbound(guard: Guard, now: () => number): Outbound {
  const send = openSend(guard)
  const credentials = openCredentials({ send, now })
  return {
    send,
    sendAs: (call, source) => credentials.send(call, source),
    retryAfter: (answer) => retryAfter(answer, now()),
  }
}
