import { bytesOf } from '../../events/bytes.ts'
import type { SavedValue, SavedValues } from '../../events/target.ts'
import { evaluate, NoValue, type Values } from '../domain/procedure/expression.ts'
import type { Driven } from '../domain/target/procedure.ts'
import { redact } from '../redact.ts'

/** An answer as it came. */
interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Returns what the expressions of a procedure read about an attempt, but for answers. */
export function valuesOf(target: string, active: Driven): Partial<Values> {
  const { procedure, attempt, upgrade, component, digest, kind, n } = active
  // A rollback undoes a change: an inverse goes back to the same version there and on the way back of the change itself.
  const { from, to } = kind === 'rollback' ? { from: active.to, to: active.from } : active
  const { type = '', region = null, tags = {}, namespace = null, critical = false } = procedure.facts ?? {}
  const steps: Record<string, unknown> = {}
  for (const [id, outcome] of Object.entries(procedure.outcomes)) steps[id] = { outcome }
  for (const [id, saved] of Object.entries(procedure.saved))
    steps[id] = { ...saved, outcome: procedure.outcomes[id] ?? 'done' }
  return {
    target: { id: target, type, region, tags, namespace, critical },
    attempt: { id: attempt, upgrade, component, from, to, digest, kind, n },
    steps,
  }
}

/** JSON that is deeper tells nothing that an expression could read. */
const deepest = 64

function isTooDeep(text: string): boolean {
  let depth = 0
  for (const sign of text) {
    if (sign === '[' || sign === '{') depth++
    else if (sign === ']' || sign === '}') depth--
    if (depth > deepest) return true
  }
  return false
}

/** Returns an answer as expressions read it: its body as JSON where it is some, else as text. */
export function answerOf({ status, headers, body }: Answer): Values['answer'] {
  return { status, headers, body: parsed(body) }
}

function parsed(body: string): unknown {
  if (isTooDeep(body)) return body
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

/** Texts that are saved are short: a path, an id, a version. */
const longestSaved = 1024
/** All that the steps of an attempt save is in one event when they are undone: so many bytes of JSON. */
const mostSaved = 16 * 1024

function savedValue(name: string, value: unknown): SavedValue {
  if (typeof value === 'string' && value.length <= longestSaved) {
    if (redact(value) !== value) throw new NoValue(`${name} looks like a secret, which is not kept`)
    return value
  }
  if (typeof value === 'number' && !(Number.isFinite(value) && isExact(value)))
    throw new NoValue(`${name} is a number that would be kept as another one`)
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
  throw new NoValue(`${name} is no short text, number or truth value`)
}

/** JSON has whole numbers of any length, of which a program keeps 53 bits. */
function isExact(value: number): boolean {
  return !Number.isInteger(value) || Number.isSafeInteger(value)
}

/** Returns what a step saves of an answer, beside what others have saved. Throws NoValue. */
export function savedFrom(
  save: Readonly<Record<string, string>>,
  values: Partial<Values>,
  others: Readonly<Record<string, SavedValues>>,
): SavedValues {
  const saved = Object.fromEntries(
    Object.entries(save).map(([name, text]) => [name, savedValue(name, evaluate(text, values))] as const),
  )
  if (bytesOf([others, saved]) > mostSaved)
    throw new NoValue(`all that steps save has at most ${mostSaved} bytes, and this would be more`)
  return saved
}
