import { hashOf } from '../../events/canonical.ts'
import { minute, second } from '../../events/time.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { Answered, Call, Delivery, NotSent } from './call.ts'
import type { Refusal } from './guard.ts'
import type { Send } from './http.ts'

/** How a bearer token is got: by a request, and by what is read of its answer. */
export interface TokenSource {
  readonly request: Call
  /** Returns the token in an answer, and for how many seconds it holds, where it says so: 300 otherwise. Undefined: it holds none. */
  read(answer: Answered): { readonly token: unknown; readonly lifetimeSeconds?: unknown } | undefined
}

/** Calls with bearer tokens, which this instance keeps in its memory and nowhere else. */
export interface Credentials {
  /**
   * Sends a call with the token of a source. One that is answered with 401 was not carried out: it is sent once more with a new token, and what comes then is
   * returned. Where no token is to be had, nothing of the call is sent, and why is returned.
   */
  send(call: Call, source: TokenSource): Promise<Delivery>
}

/** A token, or why there is none. */
type Got = { readonly kind: 'token'; readonly token: string } | Refusal | NotSent
/** The same as it was answered: a token with the milliseconds for which it holds. */
type Asked = (Extract<Got, { kind: 'token' }> & { readonly lifetime: number }) | Refusal | NotSent

interface Kept {
  readonly got: Promise<Got>
  /** In milliseconds since the epoch: from then on a new one is got. It is not known before the answer. */
  renewAt: number
}

/** A token that runs out on the way is one call for nothing: it is renewed so long before, or after nine tenths of a short life. */
const margin = minute
const defaultLifetime = 5 * minute
/** In milliseconds: whatever an answer says. */
const [shortestLifetime, longestLifetime] = [second, 24 * 60 * minute]
/** Sources whose tokens are kept; the one that was got first makes room. */
const keptAtMost = 100
const tokenForm = /^[\x21-\x7e]{1,8192}$/

/** Opens the tokens of this instance. `now` is in milliseconds since the epoch. */
export function openCredentials({ send, now }: { readonly send: Send; now(): number }): Credentials {
  const kept = new BoundedMap<string, Kept>(keptAtMost)

  const fetch = (key: string, source: TokenSource): Promise<Got> => {
    // One request for all who want it: it is kept before it is answered.
    const entry: Kept = { got: ask(source).then(settle), renewAt: Number.POSITIVE_INFINITY }
    function settle(asked: Asked): Got {
      if (asked.kind !== 'token') {
        // The next one asks again.
        if (kept.get(key) === entry) kept.delete(key)
        return asked
      }
      const { lifetime, ...got } = asked
      entry.renewAt = now() + Math.max(lifetime - margin, lifetime * 0.9)
      return got
    }
    kept.set(key, entry)
    return entry.got
  }

  const ask = async (source: TokenSource): Promise<Asked> => {
    const delivery = await send(source.request)
    if (delivery.kind === 'refused' || delivery.kind === 'not-sent') return delivery
    const none = (why: string) =>
      ({ kind: 'not-sent', why: `There is no token to call with: ${why}` }) as const
    if (delivery.kind === 'unknown') return none(delivery.why)
    const { status, cut } = delivery
    if (status < 200 || status > 299 || cut)
      return none(`its source answered with ${status}${cut ? `, ${cut}` : ''}.`)
    const { token, lifetimeSeconds } = source.read(delivery) ?? {}
    // Not what it is: it may be a secret that stands elsewhere.
    if (typeof token !== 'string' || !tokenForm.test(token)) return none('its source answered without one.')
    return { kind: 'token', token, lifetime: lifetimeOf(lifetimeSeconds) }
  }

  /** Returns the token of a source: not the one that was refused, nor one that is about to run out. */
  const tokenOf = async (source: TokenSource, refused?: string): Promise<Got> => {
    const key = hashOf(source.request)
    const entry = kept.get(key)
    if (entry === undefined || now() >= entry.renewAt) return fetch(key, source)
    const got = await entry.got
    if (got.kind !== 'token' || got.token !== refused) return got
    // Whoever else was refused may have renewed it meanwhile.
    const present = kept.get(key)
    return present === undefined || present === entry ? fetch(key, source) : present.got
  }

  return {
    async send(call, source) {
      const first = await tokenOf(source)
      if (first.kind !== 'token') return first
      const delivery = await send(withToken(call, first.token))
      if (delivery.kind !== 'answered' || delivery.status !== 401) return delivery
      const second = await tokenOf(source, first.token)
      return second.kind === 'token' ? send(withToken(call, second.token)) : delivery
    },
  }
}

function withToken(call: Call, token: string): Call {
  const others = Object.entries(call.headers ?? {}).filter(([name]) => name.toLowerCase() !== 'authorization')
  return { ...call, headers: { ...Object.fromEntries(others), authorization: `Bearer ${token}` } }
}

/** Returns for how many milliseconds a token holds that its answer says holds for so many seconds. */
function lifetimeOf(said: unknown): number {
  const isSaid = typeof said === 'number' || (typeof said === 'string' && /^\d+$/.test(said))
  const milliseconds = isSaid && !Number.isNaN(Number(said)) ? Number(said) * second : defaultLifetime
  return Math.min(Math.max(milliseconds, shortestLifetime), longestLifetime)
}
