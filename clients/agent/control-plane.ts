import * as z from 'zod'
import { assignment } from './assignment.ts'
import type { Ask } from './exchange.ts'
import { NoAnswer, textOf } from './exchange.ts'
import type { Message, Told } from './journal.ts'
import type { Shown } from './trusted.ts'

/** In how many seconds is asked again: not sooner than in one, whatever is said. */
const nextCheckSeconds = z
  .number()
  .positive()
  .transform((seconds) => Math.max(1, seconds))

const offer = z.object({
  updateAvailable: z.literal(true),
  attempt: z.string().max(128),
  component: z.string().max(128),
  from: z.string().max(128),
  version: z.string().max(128),
  kind: z.string(),
  digest: z.string().nullable(),
  accepted: z.boolean(),
  assignment: assignment.optional(),
  nextCheckSeconds,
})
export type Offer = z.output<typeof offer>
const command = z.object({
  id: z.string().max(256),
  command: z.string().max(64),
  arguments: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,31}$/), z.string()),
  repeatable: z.boolean(),
})
type Check = z.output<typeof check>
const check = z.union([
  offer,
  z.object({
    updateAvailable: z.literal(false),
    command: command.optional(),
    reason: z.string().max(64).optional(),
    nextCheckSeconds,
  }),
])

const shown = z.object({
  attempt: z.string(),
  manifest: z.string().max(65_536),
  signatures: z
    .array(z.object({ keyId: z.string(), scheme: z.string(), signature: z.string().max(2048) }))
    .max(64),
})

const enrolled = z.object({ target: z.string(), credential: z.string() })
const problem = z.object({ code: z.string(), detail: z.string() })

/** The code where an answer has none: who gave it stands before the control plane. */
const unknown = 'unknown'
/** What is said is refused for what it says. Any other status is about who says it, or the way there: a credential being renewed, a path, a length. */
const refusesWhatIsSaid: ReadonlySet<number> = new Set([400, 409, 422])

/** What was asked is refused. */
export class Declined extends Error {
  readonly code: string
  /** Will it be, however often it is said? */
  readonly isFinal: boolean
  constructor(status: number, code: string, detail: string) {
    super(`${status} ${code}: ${detail}`)
    this.code = code
    this.isFinal = code !== unknown && refusesWhatIsSaid.has(status)
  }
}

/** What the gateway means where it says nothing but 401 or 403. */
const notLetIn =
  'It does not take this token or credential: a newer one may have taken its place, or it was used, or revoked.'

const mostBytes = 262_144
/** In milliseconds, from the question to the last byte. */
const longestAnswer = 60_000

/** What an agent asks of the control plane. All of it rejects with {@link NoAnswer} where nobody knows, and {@link Declined} where it is refused. */
export interface ControlPlane {
  /**
   * Asks for an update. Given a nonce, what is offered is assigned by it; but not where it is only said that nothing has changed: `anew` is
   * answered in full.
   */
  check(asked: {
    readonly component: string
    readonly version: string
    readonly channel: string
    readonly nonce?: string | undefined
    readonly anew?: boolean
  }): Promise<Check>
  manifest(): Promise<Shown & { readonly attempt: string }>
  report(message: Message): Promise<void>
  reportCommand(told: Told): Promise<void>
  enrol(key: string): Promise<z.output<typeof enrolled>>
}

/** What the control plane takes of what is there: what it does not, is judged here alone. */
const taken = {
  name: /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/,
  words: /^[^\p{C}\ufffd]{1,128}$/u,
  entries: 20,
  longest: 4096,
} as const

/** Returns what is there as a query has it, as far as the control plane takes it. */
function toldOf(environment: Readonly<Record<string, string>>): string {
  const entries = Object.entries(environment)
    .filter(([name, words]) => taken.name.test(name) && taken.words.test(words))
    .slice(0, taken.entries)
  const told = new URLSearchParams(entries).toString()
  return told.length <= taken.longest ? told : ''
}

/** Returns the control plane at a URL. `heard` is given the instant of each answer, in milliseconds. */
export function controlPlaneAt(
  url: string,
  {
    ask,
    credential,
    licence,
    environment = {},
    bootId,
    heard,
  }: {
    readonly ask: Ask
    readonly credential: string
    /** The key of a licence, to be presented with each check. */
    readonly licence?: string | undefined
    /** What is there, which is told with each check. */
    readonly environment?: Readonly<Record<string, string>>
    readonly bootId: string
    heard(instant: number): void
  },
): ControlPlane {
  /** What was answered last to a check, and the tag by which the control plane says that it would answer so again. */
  let last: { readonly tag: string; readonly answer: Check } | undefined

  const told = toldOf(environment)

  /** Asks, and resolves to the answer and what of it was read; rejects where nobody knows. */
  async function exchange(path: string, body: unknown, headers: Record<string, string>) {
    const answer = await ask(new URL(path, url), {
      signal: AbortSignal.timeout(longestAnswer),
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...{
          authorization: `Bearer ${credential}`,
          accept: 'application/json',
          'x-boot-id': bootId,
          ...headers,
        },
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await textOf(answer, mostBytes)
    const status = answer.statusCode ?? 0
    const instant = Date.parse(answer.headers.date ?? '')
    if (Number.isFinite(instant)) heard(instant)
    if (status >= 500 || status === 429 || status === 408)
      throw new NoAnswer(`the control plane answered ${status}`)
    return { status, text, headers: answer.headers }
  }

  function read<Body>(schema: z.ZodType<Body>, status: number, text: string): Body {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      throw new NoAnswer(`the control plane answered ${status}, and no JSON`)
    }
    if (status >= 300) {
      const said = problem.safeParse(value)
      const silence = status === 401 || status === 403 ? notLetIn : 'It did not say why.'
      throw new Declined(status, said.data?.code ?? unknown, said.data?.detail ?? silence)
    }
    const parsed = schema.safeParse(value)
    if (!parsed.success)
      throw new NoAnswer(
        `the control plane's answer cannot be understood: ${parsed.error.issues[0]?.message}`,
      )
    return parsed.data
  }

  async function call<Body>(path: string, schema: z.ZodType<Body>, body?: unknown): Promise<Body> {
    const { status, text } = await exchange(path, body, {})
    return read(schema, status, text)
  }

  return {
    async check({ component, version, channel, nonce, anew = false }) {
      const { status, text, headers } = await exchange('/api/v1/updates/check', undefined, {
        'x-current-version': version,
        'x-component': component,
        'x-channel': channel,
        ...(told !== '' && { 'x-environment': told }),
        ...(licence !== undefined && { 'x-license-key': licence }),
        ...(nonce !== undefined && { 'x-assignment-nonce': nonce }),
        ...(last && !anew && { 'if-none-match': last.tag }),
      })
      const next = nextCheckSeconds.safeParse(Number(headers['drydock-next-check']))
      if (status === 304 && last && next.success) return { ...last.answer, nextCheckSeconds: next.data }
      const answer = read(check, status, text)
      // An assignment answers one question; the tag says nothing of it.
      const kept = answer.updateAvailable ? { ...answer, assignment: undefined } : answer
      last = headers.etag === undefined ? undefined : { tag: headers.etag, answer: kept }
      return answer
    },
    manifest: () => call('/api/v1/updates/manifest', shown),
    report: async (message) => {
      await call('/api/v1/updates/status', z.object({ result: z.string() }), message)
    },
    reportCommand: async (told) => {
      await call('/api/v1/updates/commands', z.object({ id: z.string() }), told)
    },
    enrol: (key) => call('/api/v1/agents/enrol', enrolled, { key }),
  }
}
