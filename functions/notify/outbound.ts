/** A call as it goes out. */
export interface OutboundCall {
  readonly method: 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What is taken out of an answer before it is given, should the other side say it back. */
  readonly confidential?: readonly string[]
}

interface Answered {
  readonly kind: 'answered'
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** How calls leave: past the guard of the deployment. */
export interface Outbound {
  send(
    call: OutboundCall,
  ): Promise<
    | Answered
    | { readonly kind: 'refused'; readonly why: string }
    | { readonly kind: 'not-sent' | 'unknown'; readonly why: string }
  >
  /** Returns how long the other side asks to be left alone, in seconds; undefined: it does not. */
  retryAfter(answer: Pick<Answered, 'headers'>): number | undefined
}

/** Signs messages of webhooks. */
export interface Signing {
  isSecret(text: string): boolean
  call(
    url: string,
    message: { readonly id: string; readonly at: number; readonly body: string },
    secrets: readonly string[],
  ): { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: string }
}

/** Secrets by their references. */
export interface Secrets {
  /** Returns the value, or why there is none. Rejects where nobody answers now. */
  read(
    reference: string,
  ): Promise<
    | { readonly kind: 'secret'; readonly value: string }
    | { readonly kind: 'unavailable'; readonly why: string }
  >
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

/** What became of a message. */
export type Delivered =
  /** It is there. `ref`: how the other side calls it, where it can be edited. */
  | { readonly kind: 'sent'; readonly ref: string | null }
  /** It may get there later: after so many seconds, where the other side says so. */
  | { readonly kind: 'later'; readonly why: string; readonly seconds?: number | undefined }
  /** However often it were sent. */
  | { readonly kind: 'never'; readonly why: string }

/** Returns what became of a call by how far it came: other sides that are busy, down or unknown are tried again. */
export function deliveredBy(
  outbound: Pick<Outbound, 'retryAfter'>,
  sent: Awaited<ReturnType<Outbound['send']>>,
): Delivered {
  if (sent.kind === 'refused') return { kind: 'never', why: sent.why }
  if (sent.kind !== 'answered') return { kind: 'later', why: sent.why }
  const { status } = sent
  if (status >= 200 && status < 300) return { kind: 'sent', ref: null }
  const why = `It was answered with ${status}.`
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return { kind: 'later', why, seconds: outbound.retryAfter(sent) }
  return { kind: 'never', why }
}
