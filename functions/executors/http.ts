import { second } from '../../events/time.ts'
import { patience } from '../patience.ts'
import { type Call, type Delivery, faultIn, shownAnswer } from './call.ts'
import { connect, isUsable } from './connection.ts'
import { exchange } from './exchange.ts'
import type { Guard } from './guard.ts'

/** Sends a call, and returns how far it came. Never rejects for what names, networks and other systems do. */
export type Send = (call: Call) => Promise<Delivery>

/** Opens the one way in which this system calls others: past its guard, once, and within the time of the call. */
export function openSend(guard: Guard): Send {
  return async (call) => {
    const fault =
      faultIn(call) ??
      (isUsable(call.tls ?? {}) ? undefined : 'The certificates are no PEM that TLS can use.')
    if (fault !== undefined) return { kind: 'refused', code: 'request', why: fault }
    const started = performance.now()
    const over = new AbortController()
    const timer = setTimeout(
      () => over.abort(),
      call.timeoutSeconds === undefined ? patience.outbound : call.timeoutSeconds * second,
    )
    try {
      const delivery = await deliver(guard, call, over.signal)
      if (delivery.kind !== 'answered') return delivery
      return shownAnswer({ ...delivery, milliseconds: Math.round(performance.now() - started) }, call)
    } finally {
      clearTimeout(timer)
    }
  }
}

async function deliver(guard: Guard, call: Call, signal: AbortSignal) {
  const verdict = await Promise.race([guard.admit(call.url), ended(signal)])
  // A lookup cannot be called off; what it says later is heard by nobody.
  if (verdict === 'ended') return { kind: 'not-sent', why: 'Its name was not resolved in time.' } as const
  if (verdict.kind === 'refused') return verdict
  if (verdict.kind === 'unresolved') return { kind: 'not-sent', why: verdict.why } as const
  const connected = await connect(verdict, call.tls ?? {}, signal)
  if (connected.kind === 'failed') return { kind: 'not-sent', why: connected.why } as const
  return exchange(connected.socket, verdict, call, signal)
}

function ended(signal: AbortSignal): Promise<'ended'> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve('ended'), { once: true })
  })
}
