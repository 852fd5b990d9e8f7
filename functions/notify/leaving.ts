import type { Outbound, Secrets, Sent } from '../outbound.ts'

/** Signs messages of webhooks. */
export interface Signing {
  isSecret(text: string): boolean
  call(
    url: string,
    message: { readonly id: string; readonly at: number; readonly body: string },
    secrets: readonly string[],
  ): { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: string }
}

/** Sends e-mails. */
export interface Mail {
  /** Returns why it was not taken; undefined: it was. `passing`: it may be taken later. */
  send(email: {
    readonly from: string
    readonly to: readonly string[]
    readonly subject: string
    readonly text: string
    readonly html: string
  }): Promise<{ readonly why: string; readonly passing: boolean } | undefined>
}

/** How messages leave. */
export interface Leaving {
  readonly outbound: Pick<Outbound, 'send' | 'retryAfter'>
  readonly secrets: Secrets
  readonly webhooks: Signing
  readonly mail: Mail
  /** Where people and programs reach the API and the console. */
  readonly apiUrl: string
  now(): number
}

/** What became of a message. */
export type Delivered =
  /** It is there. `ref`: how the other side calls it, where it can be edited. */
  | { readonly kind: 'sent'; readonly ref: string | null }
  /** It may get there later: after so many seconds, where the other side says so. */
  | { readonly kind: 'later'; readonly why: string; readonly seconds?: number | undefined }
  /** However often it were sent. */
  | { readonly kind: 'never'; readonly why: string }

/** Returns what became of a call by how far it came: other sides that are busy, down or unknown are tried again. */
export function deliveredBy(outbound: Pick<Outbound, 'retryAfter'>, sent: Sent): Delivered {
  if (sent.kind === 'refused') return { kind: 'never', why: sent.why }
  if (sent.kind !== 'answered') return { kind: 'later', why: sent.why }
  const { status } = sent
  if (status >= 200 && status < 300) return { kind: 'sent', ref: null }
  const why = `It was answered with ${status}.`
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return { kind: 'later', why, seconds: outbound.retryAfter(sent) }
  return { kind: 'never', why }
}
