import type { AgentCommand, HelmRelease, SsmCommand, StepRequest } from '../../../events/procedure.ts'
import {
  evaluate,
  NotAnExpression,
  NoValue,
  parseExpression,
  type Values,
  type Variable,
} from './expression.ts'
import { fixedPartOf, matchSlots, replaceSlots, slotsIn } from './slots.ts'

/** A request with all values in it, as it is sent; or, with secrets hidden, as it is shown. */
export interface RenderedRequest {
  readonly method: StepRequest['method']
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  readonly seconds: number
}

/** Returns the value of a secret by its reference, or what is shown in its place. */
export type SecretOf = (reference: string) => string

const secretSlot = /^secret\('([A-Za-z0-9/_+=.@#-]{1,265})'\)$/

/** Yields the expressions of a template, which are all that stands between braces but the secrets. */
export function* expressionsIn(text: string): Generator<string> {
  for (const inner of slotsIn(text)) if (!secretSlot.test(inner)) yield inner
}

/** Yields every text in a body, with the names of the members that it may not be templates of. */
function* textsIn(body: unknown): Generator<string> {
  if (typeof body === 'string') yield body
  else if (Array.isArray(body)) for (const part of body) yield* textsIn(part)
  else if (typeof body === 'object' && body !== null)
    for (const part of Object.values(body)) yield* textsIn(part)
}

function* secretsInBody(body: unknown): Generator<string> {
  for (const text of textsIn(body))
    for (const inner of slotsIn(text)) {
      const [, reference] = secretSlot.exec(inner) ?? []
      if (reference !== undefined) yield reference
    }
}

/** Yields the references to secrets that a request makes, those of its certificates too. */
export function* secretsIn({ headers, body, tls }: Omit<StepRequest, 'credentials'>): Generator<string> {
  yield* secretsInBody(headers)
  yield* secretsInBody(body)
  for (const reference of [tls?.ca, tls?.certificate, tls?.key]) if (reference) yield reference
}

/** Yields the references to secrets that the values of a release make. */
export function* secretsInValues({ values }: HelmRelease): Generator<string> {
  yield* secretsInBody(values)
}

/** Checks a template; its expressions may read these variables. Returns what is wrong, in words. */
export function wrongInTemplate(
  text: string,
  { allowed, secrets }: { readonly allowed: readonly Variable[]; readonly secrets: boolean },
): string | undefined {
  for (const inner of slotsIn(text)) {
    if (secretSlot.test(inner)) {
      if (secrets) continue
      return 'no secret here: headers and bodies may hold them'
    }
    try {
      parseExpression(inner, allowed)
    } catch (error) {
      if (error instanceof NotAnExpression) return `an expression in {{ }}: ${error.message}`
      throw error
    }
  }
  return /\{\{|\}\}/.test(fixedPartOf(text)) ? 'every {{ with its }}' : undefined
}

/** Returns a value as text. Throws NoValue for what is none. */
function textOf(inner: string, values: Partial<Values>, secretOf: SecretOf): string {
  const [, reference] = secretSlot.exec(inner) ?? []
  if (reference !== undefined) return secretOf(reference)
  const value = evaluate(inner, values)
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new NoValue(`${inner} is no text`)
}

const filled = (text: string, values: Partial<Values>, secretOf: SecretOf) =>
  replaceSlots(text, (_, inner: string) => textOf(inner.trim(), values, secretOf))

const upwards = /\/(?:\.|%2e){1,2}(?:[/?#]|$)/i
const inAuthority = /^[a-z]+:\/\/[^/?#]*$/i
const host = /^[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?$/
const origin = /^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/i

/**
 * Returns an address. A value at its very beginning may be an address of its own, one in the place of the host is a host, and any other is
 * encoded, so that no value leads elsewhere than where it stands.
 */
export function addressOf(text: string, values: Partial<Values>): string {
  let address = ''
  let read = 0
  for (const match of matchSlots(text)) {
    address += text.slice(read, match.index)
    read = match.index + match[0].length
    const value = textOf(match[1]?.trim() ?? '', values, () => {
      throw new NoValue('an address holds no secret')
    })
    if (address === '') {
      if (!origin.test(value)) throw new NoValue(`${match[1]} is no address as https://host:port`)
      address = value.replace(/\/+$/, '')
    } else if (inAuthority.test(address)) {
      if (!host.test(value)) throw new NoValue(`${match[1]} is no host`)
      address += value
    } else if (value.isWellFormed()) address += encodeURIComponent(value)
    else throw new NoValue(`${match[1]?.trim()} is no text that an address can hold`)
  }
  address += text.slice(read)
  // Whoever reads an address goes up there: the call would be another one.
  if (upwards.test(address)) throw new NoValue(`${address.slice(0, 200)} has . or .. in its path`)
  return address
}

/** Returns JSON with its templates filled in; a text that is one expression alone becomes that value with its type. */
export function bodyOf(body: unknown, values: Partial<Values>, secretOf: SecretOf): unknown {
  if (typeof body === 'string') {
    const [only, ...others] = slotsIn(body)
    const alone = only !== undefined && others.length === 0 && /^\{\{[\s\S]*\}\}$/.test(body.trim())
    if (alone && !secretSlot.test(only)) return evaluate(only, values)
    return filled(body, values, secretOf)
  }
  if (Array.isArray(body)) return body.map((part) => bodyOf(part, values, secretOf))
  if (typeof body !== 'object' || body === null) return body
  return Object.fromEntries(
    Object.entries(body).map(([name, part]) => [name, bodyOf(part, values, secretOf)]),
  )
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const unprintable = /[\u0000-\u0008\u000a-\u001f\u007f]/

function headerOf(name: string, text: string, values: Partial<Values>, secretOf: SecretOf): string {
  const value = filled(text, values, secretOf)
  if (unprintable.test(value)) throw new NoValue(`the header ${name} would hold control characters`)
  return value
}

/** Returns a request with its values. Throws NoValue where something that it names is not there, or would lead elsewhere. */
export function renderRequest(
  { method, url, headers, body, seconds }: Omit<StepRequest, 'credentials'>,
  values: Partial<Values>,
  secretOf: SecretOf,
): RenderedRequest {
  const named = Object.entries(headers).map(
    ([name, text]) => [name.toLowerCase(), headerOf(name, text, values, secretOf)] as const,
  )
  const isText = typeof body === 'string'
  const json = body !== null && !isText
  return {
    method,
    url: addressOf(url, values),
    headers: { ...(json && { 'content-type': 'application/json' }), ...Object.fromEntries(named) },
    body:
      body === null
        ? null
        : isText
          ? filled(body, values, secretOf)
          : JSON.stringify(bodyOf(body, values, secretOf)),
    seconds,
  }
}

/** Returns what an agent is told of its command. It holds no secret. Throws NoValue where something that it names is not there. */
export function renderAgentCommand({ command, arguments: given }: AgentCommand, values: Partial<Values>) {
  const noSecret = () => {
    throw new NoValue('a command of an agent holds no secret')
  }
  const named = Object.entries(given).map(([name, text]) => [name, filled(text, values, noSecret)] as const)
  return { command, arguments: Object.fromEntries(named) }
}

/** What helm is told of a release, with all values in it; or, with secrets hidden, what is shown. */
export interface RenderedRelease {
  /** The reference to the secret that holds it. */
  readonly kubeconfig: string
  readonly namespace: string
  readonly release: string
  /** Undefined: it is taken back. */
  readonly chart:
    | {
        readonly repository: string
        readonly name: string
        readonly version: string
        readonly values: string
      }
    | undefined
  readonly seconds: number
}

/** What helm and Kubernetes take as names (RFC 1123), and none of which is read as an option. */
const names = {
  namespace: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  release: /^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/,
  chart: /^[a-z0-9]([a-z0-9._-]{0,126}[a-z0-9])?$/i,
  version: /^[a-z0-9][a-z0-9.+_-]{0,127}$/i,
  kubeconfig: /^[A-Za-z0-9/_+=.@-]{1,200}(#[A-Za-z0-9_.-]{1,64})?$/,
} as const

/** Returns a release with its values. Throws NoValue where something that it names is not there, or is no such name. */
export function renderRelease(
  { cluster, namespace, release, chart, values: given, seconds }: HelmRelease,
  values: Partial<Values>,
  secretOf: SecretOf,
): RenderedRelease {
  const name = (what: keyof typeof names, text: string) => {
    const value = filled(text, values, () => {
      throw new NoValue(`${what}: no secret here`)
    })
    if (!names[what].test(value)) throw new NoValue(`"${value.slice(0, 80)}" is no ${what}`)
    return value
  }
  return {
    kubeconfig: name('kubeconfig', cluster.kubeconfig),
    namespace: name('namespace', namespace),
    release: name('release', release),
    chart: chart && {
      repository: addressOf(chart.repository, values),
      name: name('chart', chart.name),
      version: name('version', chart.version),
      values: JSON.stringify(bodyOf(given, values, secretOf)),
    },
    seconds,
  }
}

/** A command of SSM with all values in it. It holds no secret: SSM keeps and shows its parameters. */
export interface RenderedCommand {
  /** The id of the managed node. */
  readonly instance: string
  readonly document: string
  readonly version: string
  readonly parameters: Readonly<Record<string, readonly string[]>>
  readonly outputOf: string | undefined
}

const instanceId = /^(i-([0-9a-f]{8}|[0-9a-f]{17})|mi-[0-9a-f]{17})$/

/** A secret of Parameter Store, which the node reads by its own role: it is handed on as it is written. */
const storeSlot = /^ssm-secure:[A-Za-z0-9_./-]{1,512}(:[0-9]{1,10})?$/

/** Documents put their parameters into scripts: a value is of letters and signs that every shell reads as themselves, and no option. */
const plainWord = /^[A-Za-z0-9_./:@][A-Za-z0-9_./:@=+,~-]*$/

/** Returns a text without the references to Parameter Store in it, which are no expressions. */
export function withoutStoreReferences(text: string): string {
  return replaceSlots(text, (whole, inner: string) => (storeSlot.test(inner.trim()) ? '' : whole))
}

/** Does a text refer to a secret? */
export function holdsSecret(text: string): boolean {
  for (const inner of slotsIn(text)) if (secretSlot.test(inner)) return true
  return false
}

const noSecret: SecretOf = () => {
  throw new NoValue('a command holds no secret')
}

/** What stands in a dry run for what is not known before it runs. */
const placeholder = /^\([A-Za-z0-9_.]{1,100}\)$/

/**
 * Returns a command with its values. Throws NoValue where something that it names is not there, is no managed node, or could be read by a script, or
 * by SSM as a reference of its own. `shown`: it is not sent, and names in parentheses may stand for values.
 */
export function renderCommand(
  { instance: named, document, documentVersion: version, parameters, outputOf }: SsmCommand,
  values: Partial<Values>,
  shown = false,
): RenderedCommand {
  const fits = (form: RegExp, value: string) => form.test(value) || (shown && placeholder.test(value))
  const parameterOf = (text: string) =>
    replaceSlots(text, (_, between: string) => {
      const inner = between.trim()
      if (storeSlot.test(inner)) return `{{${inner}}}`
      const value = textOf(inner, values, noSecret)
      if (fits(plainWord, value)) return value
      throw new NoValue(`${inner} is "${value.slice(0, 80)}", which a script could read as more than a word`)
    })
  const instance = filled(named, values, noSecret)
  if (!fits(instanceId, instance)) throw new NoValue(`"${instance.slice(0, 80)}" is no id of a managed node`)
  const rendered = Object.entries(parameters).map(
    ([name, texts]) => [name, [texts].flat().map(parameterOf)] as const,
  )
  return { instance, document, version, parameters: Object.fromEntries(rendered), outputOf }
}
