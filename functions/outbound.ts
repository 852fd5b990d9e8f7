import type { RenderedRequest } from './domain/procedure/template.ts'

/** A call as it goes out. */
export interface OutboundCall {
  readonly method: RenderedRequest['method']
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Left out: as long as is usual. */
  readonly timeoutSeconds?: number
  /** In PEM. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  readonly idempotencyKey?: string
  /** What is taken out of an answer before it is given, should the other side say it back. */
  readonly confidential: readonly string[]
}

/** An answer, whatever it says. */
export interface Answer {
  readonly kind: 'answered'
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** There was more than is taken. */
  readonly cut?: 'too-large'
}

/** What became of a call. */
export type Sent =
  | Answer
  /** The guard did not let it go: nothing was sent, nor ever will be. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Nothing has reached the other side. */
  | { readonly kind: 'not-sent'; readonly why: string }
  /** It was sent, or may have been: nobody knows whether it was done. */
  | { readonly kind: 'unknown'; readonly why: string }

/** How a token is got that calls bear. */
export interface TokenSource {
  readonly request: OutboundCall
  read(answer: Answer): { readonly token: unknown; readonly lifetimeSeconds?: unknown } | undefined
}

/** How calls leave: past the guard of the deployment. */
export interface Outbound {
  send(call: OutboundCall): Promise<Sent>
  /** Sends it with a token that is kept, and once more with a fresh one where it is answered with 401. */
  sendAs(call: OutboundCall, source: TokenSource): Promise<Sent>
  /** Returns how long the other side asks to be left alone, in seconds; undefined: it does not. */
  retryAfter(answer: Answer): number | undefined
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
