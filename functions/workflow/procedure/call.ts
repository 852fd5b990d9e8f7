import { cut } from '../../../events/cut.ts'
import { nameId } from '../../../events/name-id.ts'
import type { ProcedureDocument, StepExpectation, StepRequest } from '../../../events/procedure.ts'
import { evaluate, holds, NoValue, type Values } from '../../domain/procedure/expression.ts'
import { type RenderedRequest, renderRequest, secretsIn } from '../../domain/procedure/template.ts'
import { answerOf } from '../../facts/procedure-values.ts'
import type { Answer, Outbound, OutboundCall, Secrets, Sent, TokenSource } from '../../outbound.ts'
import { withoutSecrets } from '../../redact.ts'

/** How a token is got that calls bear, as a procedure declares it. */
type Credentials = ProcedureDocument['credentials'][string]

/** What calls are made with. */
export interface Calling {
  readonly outbound: Outbound
  readonly secrets: Secrets
  now(): number
}

/** One call of a step, with all that it reads. */
export interface StepCall {
  readonly request: StepRequest
  readonly values: Partial<Values>
  readonly credentials: Readonly<Record<string, Credentials>>
  /** Is more of its answer needed than that it is as expected? */
  readonly reads: boolean
  /** The same for each try of one step, so that the other side may know it again. */
  readonly idempotencyKey: string
}

/** How far a call came that was not answered as expected: it was not taken, or nobody knows, or it was, and its answer says something else. */
export type Reached = 'turned-away' | 'broke-down' | 'taken'

/** What a call came to, as its step understands it. */
export type Answered =
  /** As it was expected. */
  | { readonly kind: 'good'; readonly values: Partial<Values>; readonly status: number }
  /** It was answered, and not as expected. */
  | {
      readonly kind: 'bad'
      readonly reached: Reached
      readonly code: string
      readonly words: string
      readonly retryAfter: number | undefined
    }
  /** Nothing reached the other side. */
  | { readonly kind: 'not-sent'; readonly words: string }
  | { readonly kind: 'unknown'; readonly words: string }
  /** It can never be sent so. */
  | { readonly kind: 'impossible'; readonly code: string; readonly words: string }

const keyNamespace = '7f6c1a52-90c4-5b1e-8c0d-2f3f1a9b6d11'

/** Returns the key of a step by which the other side knows a repeated call again. */
export function idempotencyKeyOf(attempt: string, direction: string, step: string): string {
  return nameId(`${attempt}/${direction}/${step}`, keyNamespace)
}

/** A secret cannot be had, and will not be by trying again. */
export class NoSecret extends Error {
  override readonly name = 'NoSecret'
}

/** Secrets of one call, each asked for once; whatever is told afterwards is told without them. */
export class Hidden {
  readonly values = new Map<string, string>()

  static async of(secrets: Secrets, references: Iterable<string>): Promise<Hidden> {
    const hidden = new Hidden()
    for (const reference of new Set(references)) {
      const read = await secrets.read(reference)
      if (read.kind === 'unavailable') throw new NoSecret(read.why)
      hidden.values.set(reference, read.value)
    }
    return hidden
  }

  secretOf = (reference: string): string => this.values.get(reference) ?? ''

  without(words: string): string {
    return withoutSecrets(this.values.values())(words)
  }
}

function tlsOf({ tls }: Pick<StepRequest, 'tls'>, hidden: Hidden): Pick<OutboundCall, 'tls'> {
  if (!tls) return {}
  const { ca, certificate, key } = tls
  return {
    tls: {
      ...(ca && { ca: hidden.secretOf(ca) }),
      ...(certificate && { cert: hidden.secretOf(certificate) }),
      ...(key && { key: hidden.secretOf(key) }),
    },
  }
}

function callOf(
  rendered: RenderedRequest,
  request: Pick<StepRequest, 'tls'>,
  hidden: Hidden,
  more: Pick<OutboundCall, 'idempotencyKey'> = {},
): OutboundCall {
  const { method, url, headers, body, seconds } = rendered
  return {
    ...{ method, url, headers, timeoutSeconds: seconds, ...more },
    ...(body !== null && { body }),
    ...tlsOf(request, hidden),
    confidential: [...hidden.values.values()],
  }
}

/** Returns how a token is got. Its answer is read by the expressions of the procedure. */
async function sourceOf(
  { secrets }: Calling,
  { request, token, lifetimeSeconds }: Credentials,
  values: Partial<Values>,
): Promise<TokenSource> {
  const hidden = await Hidden.of(secrets, secretsIn(request))
  const read = (text: string, answer: Answer) => {
    try {
      return evaluate(text, { answer: answerOf(answer) })
    } catch (error) {
      if (error instanceof NoValue) return undefined
      throw error
    }
  }
  return {
    request: callOf(renderRequest(request, values, hidden.secretOf), request, hidden),
    read: (answer) => ({
      token: read(token, answer),
      ...(lifetimeSeconds !== null && { lifetimeSeconds: read(lifetimeSeconds, answer) }),
    }),
  }
}

async function send(calling: Calling, call: StepCall, hidden: Hidden): Promise<Sent> {
  const { request, values, credentials, idempotencyKey } = call
  const rendered = renderRequest(request, values, hidden.secretOf)
  const outgoing = callOf(rendered, request, hidden, { idempotencyKey })
  const named = request.credentials === null ? undefined : credentials[request.credentials]
  if (!named) return calling.outbound.send(outgoing)
  return calling.outbound.sendAs(outgoing, await sourceOf(calling, named, values))
}

/** A server that broke down over a call may have done it; one that turned it away has not, and any other has taken it. */
function reachedBy(status: number): Reached {
  if (status < 400) return 'taken'
  return status < 500 || status === 501 || status === 503 ? 'turned-away' : 'broke-down'
}

/** How much of an answer is told in words. */
const told = 500

function judged(
  sent: Answer,
  { status, where }: StepExpectation,
  { values, reads }: Pick<StepCall, 'values' | 'reads'>,
  retryAfter: number | undefined,
): Answered {
  const bad = (code: string, words: string): Answered => ({
    ...{ kind: 'bad', code, retryAfter, reached: reachedBy(sent.status) },
    words: `${words}: ${cut(sent.body, told)}`,
  })
  const expected = status ? status.includes(sent.status) : sent.status >= 200 && sent.status < 300
  if (!expected) return bad(`HTTP_${sent.status}`, `Answered ${sent.status}`)
  if (sent.cut && (where !== null || reads))
    return bad('ANSWER_TOO_LARGE', 'The answer is too large to be read')
  const read = { ...values, answer: answerOf(sent) }
  if (where === null) return { kind: 'good', values: read, status: sent.status }
  try {
    if (holds(where, read)) return { kind: 'good', values: read, status: sent.status }
    return bad('NOT_AS_EXPECTED', `Not true: ${where}`)
  } catch (error) {
    if (!(error instanceof NoValue)) throw error
    return bad('NOT_AS_EXPECTED', `${where}: ${error.message}`)
  }
}

/** Makes one call and says what it came to. What it says is free of the secrets that it was made with: an answer comes without them. */
export async function makeCall(calling: Calling, call: StepCall, expect: StepExpectation): Promise<Answered> {
  let hidden = new Hidden()
  try {
    hidden = await Hidden.of(calling.secrets, secretsIn(call.request))
    const sent = await send(calling, call, hidden)
    return understood(calling.outbound, sent, expect, call, hidden)
  } catch (error) {
    return impossible(error, hidden)
  }
}

/** Returns what a call came to. What is said of it is free of these secrets. */
export function understood(
  outbound: Pick<Outbound, 'retryAfter'>,
  sent: Sent,
  expect: StepExpectation,
  call: Pick<StepCall, 'values' | 'reads'>,
  hidden: Hidden,
): Answered {
  switch (sent.kind) {
    case 'answered':
      return judged(sent, expect, call, outbound.retryAfter(sent))
    case 'refused':
      return { kind: 'impossible', code: 'OUTBOUND_REFUSED', words: hidden.without(sent.why) }
    default:
      return { kind: sent.kind, words: hidden.without(sent.why) }
  }
}

/** Returns why a call can never be made, by what was thrown when it was put together; throws what says nothing of that. */
export function impossible(error: unknown, hidden: Hidden): Answered {
  if (error instanceof NoValue)
    return { kind: 'impossible', code: 'NO_VALUE', words: hidden.without(error.message) }
  if (error instanceof NoSecret)
    return { kind: 'impossible', code: 'SECRET_UNAVAILABLE', words: hidden.without(error.message) }
  throw error
}
