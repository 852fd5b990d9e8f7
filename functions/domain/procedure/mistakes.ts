import type { ASTNode } from '@marcbachmann/cel-js'
import type {
  HelmRelease,
  ProcedureDocument,
  SsmCommand,
  StepAction,
  StepRequest,
  StepWebhook,
} from '../../../events/procedure.ts'
import type { Metric } from '../../../events/upgrade.ts'
import { faultsInHeaders } from '../http-headers.ts'
import type { RefusedField } from '../rejection.ts'
import { NotAnExpression, parseExpression, partsOf, type Variable } from './expression.ts'
import { reservedStates } from './machine.ts'
import { fixedPartOf } from './slots.ts'
import { acts, inverseOf, kindsOf, longestCall } from './steps.ts'
import { expressionsIn, holdsSecret, withoutStoreReferences, wrongInTemplate } from './template.ts'

const before = ['target', 'attempt', 'steps'] as const satisfies readonly Variable[]
const answered = [...before, 'answer'] as const

const userInAddress = /^[a-z]+:\/\/[^/?#]*@/i

/** A document is told at most so much at once. */
const mistakesAtMost = 100

/** Collects what is wrong, each with its place in the document. */
class Mistakes {
  readonly found: RefusedField[] = []
  readonly #known = new Set<string>()
  /** What templates may read. */
  readonly #readable: readonly Variable[]

  constructor(readable: readonly Variable[] = before) {
    this.#readable = readable
  }

  add(field: string, value: string, expected: string): void {
    if (this.found.length < mistakesAtMost) this.found.push({ field, value: value.slice(0, 128), expected })
  }

  /** From here on expressions may read what a step has saved. */
  passed(step: string): void {
    this.#known.add(step)
  }

  expression(field: string, text: string | null | undefined, allowed: readonly Variable[]): void {
    if (text === null || text === undefined) return
    try {
      const { ast } = parseExpression(text, allowed)
      for (const step of stepsRead(ast))
        if (!this.#known.has(step)) this.add(field, text, `a step before it: ${step} is none`)
    } catch (error) {
      if (!(error instanceof NotAnExpression)) throw error
      this.add(field, text, `an expression: ${error.message}`)
    }
  }

  template(field: string, text: string, secrets: boolean): void {
    const wrong = wrongInTemplate(text, { allowed: this.#readable, secrets })
    if (wrong !== undefined) {
      this.add(field, text, wrong)
      return
    }
    for (const inner of expressionsIn(text)) this.expression(field, inner, this.#readable)
  }

  body(field: string, body: unknown, secrets = true): void {
    if (typeof body === 'string') this.template(field, body, secrets)
    else if (typeof body === 'object' && body !== null)
      for (const [name, part] of Object.entries(body)) {
        if (name.includes('{{'))
          this.add(field, name, 'a name that stands as it is: {{ }} is filled in values alone')
        this.body(`${field}.${name}`, part, secrets)
      }
  }

  address(field: string, url: string): void {
    this.template(field, url, false)
    if (!/^(https?:\/\/|\{\{)/.test(url))
      this.add(field, url, 'an address that begins with https://, http:// or a value')
    if (userInAddress.test(url))
      this.add(field, url, 'an address without a user: credentials and headers say who calls')
  }

  request(field: string, request: Omit<StepRequest, 'credentials'>): void {
    const { method, url, headers, body, tls } = request
    this.address(`${field}.url`, url)
    const fixed = Object.entries(headers).map(([name, text]) => [name, fixedPartOf(text)] as const)
    for (const { name, why } of faultsInHeaders(Object.fromEntries(fixed)))
      this.add(name === '' ? `${field}.headers` : `${field}.headers.${name}`, name, why)
    for (const [name, text] of Object.entries(headers)) this.template(`${field}.headers.${name}`, text, true)
    this.body(`${field}.body`, body)
    if (body !== null && (method === 'GET' || method === 'HEAD'))
      this.add(`${field}.body`, '', `no body with ${method}`)
    if ((tls?.certificate ?? null) !== null && tls?.key === null)
      this.add(`${field}.tls.key`, '', 'the key of the certificate')
  }

  release(field: string, { cluster, namespace, release, chart, values, rollback }: HelmRelease): void {
    this.template(`${field}.cluster.kubeconfig`, cluster.kubeconfig, false)
    this.template(`${field}.namespace`, namespace, false)
    this.template(`${field}.release`, release, false)
    this.body(`${field}.values`, values)
    if ((chart === undefined) === (rollback === undefined))
      this.add(field, '', 'a chart, or as an inverse rollback, and not both')
    if (!chart) return
    for (const [name, text] of Object.entries(chart)) this.template(`${field}.chart.${name}`, text, false)
    if (!/^(https?:\/\/|oci:\/\/|\{\{)/.test(chart.repository))
      this.add(
        `${field}.chart.repository`,
        chart.repository,
        'an address that begins with https://, http://, oci:// or a value',
      )
  }

  command(field: string, { instance, parameters }: SsmCommand): void {
    this.template(`${field}.instance`, instance, false)
    const names = Object.keys(parameters)
    if (names.length > 50) this.add(`${field}.parameters`, String(names.length), 'at most 50 parameters')
    for (const [name, given] of Object.entries(parameters)) {
      const place = `${field}.parameters.${name}`
      if (typeof given === 'string') this.parameter(place, given)
      else for (const [index, text] of given.entries()) this.parameter(`${place}.${index}`, text)
    }
  }

  message(field: string, { url, body }: StepWebhook): void {
    this.address(`${field}.url`, url)
    this.body(`${field}.body`, body, false)
  }

  private parameter(field: string, text: string): void {
    if (holdsSecret(text))
      this.add(
        field,
        text,
        'no secret here, since SSM keeps and shows parameters: let the node read it, by {{ssm-secure:name}} or in its script',
      )
    else this.template(field, withoutStoreReferences(text), false)
  }
}

/** Yields the steps whose saved values an expression reads. */
function* stepsRead(node: ASTNode): Generator<string> {
  const { op, args } = node
  const isOfSteps = (op === '.' || op === '[]') && args[0].op === 'id' && args[0].args === 'steps'
  // What takes all of them together reads some that nobody has named.
  if (op === 'id' && args === 'steps') yield '?'
  else if (!isOfSteps) for (const part of partsOf(node)) yield* stepsRead(part)
  else if (op === '.') yield args[1]
  else yield args[1].op === 'value' ? String(args[1].args) : '?'
}

/** What is called again and again, to look, changes nothing; some services are asked by POST. */
function looksOnly(mistakes: Mistakes, field: string, { method }: StepRequest, mayRepeat: boolean): void {
  if (!mayRepeat && method !== 'GET' && method !== 'HEAD')
    mistakes.add(
      `${field}.method`,
      method,
      'GET or HEAD, or a step that is repeatable: it is called again and again',
    )
}

function checkAction(
  mistakes: Mistakes,
  field: string,
  action: StepAction,
  credentials: ReadonlySet<string>,
): void {
  const kinds = kindsOf(action)
  if (kinds.length !== 1)
    mistakes.add(
      field,
      kinds.join(', '),
      'exactly one of http, poll, wait, health, acknowledge, helm, ssm, webhook, agent',
    )
  mistakes.expression(`${field}.when`, action.when, before)
  const { http, poll, health, helm, ssm, webhook, agent, check } = action
  const withCredentials = (place: string, request: StepRequest) => {
    mistakes.request(place, request)
    const { credentials: named } = request
    if (named !== null && !credentials.has(named))
      mistakes.add(`${place}.credentials`, named, 'one of the credentials of the procedure')
  }
  for (const [kind, call] of Object.entries({ http, poll })) {
    if (!call) continue
    withCredentials(`${field}.${kind}.request`, call.request)
    mistakes.expression(`${field}.${kind}.expect.where`, call.expect.where, answered)
  }
  if (poll) looksOnly(mistakes, `${field}.poll.request`, poll.request, action.repeatable)
  mistakes.expression(`${field}.poll.until`, poll?.until, answered)
  mistakes.expression(`${field}.poll.failWhen`, poll?.failWhen, answered)
  for (const [place, { request, expect }] of (health?.checks ?? []).entries()) {
    looksOnly(mistakes, `${field}.health.checks.${place}.request`, request, action.repeatable)
    withCredentials(`${field}.health.checks.${place}.request`, request)
    mistakes.expression(`${field}.health.checks.${place}.expect.where`, expect.where, answered)
  }
  if (helm) {
    mistakes.release(`${field}.helm`, helm)
    // One that was cut off is asked about when it must be over, and then there is time for another.
    const least = longestCall(action) + 30
    if (action.timeoutSeconds < least)
      mistakes.add(
        `${field}.timeoutSeconds`,
        String(action.timeoutSeconds),
        `at least ${least}: three times the seconds of helm, and 150`,
      )
  }
  if (ssm) {
    mistakes.command(`${field}.ssm`, ssm)
    // One whose answer was lost is looked for when it must be listed, and then there is time for another.
    const least = longestCall(action) + 30
    if (action.timeoutSeconds < least)
      mistakes.add(`${field}.timeoutSeconds`, String(action.timeoutSeconds), `at least ${least} of a command`)
  }
  if (webhook) {
    mistakes.message(`${field}.webhook`, webhook)
    if (webhook.callback && action.timeoutSeconds <= webhook.seconds)
      mistakes.add(
        `${field}.timeoutSeconds`,
        String(action.timeoutSeconds),
        `more than the ${webhook.seconds} seconds of a delivery: its receiver calls back after that`,
      )
  }
  for (const [name, text] of Object.entries(agent?.arguments ?? {}))
    mistakes.template(`${field}.agent.arguments.${name}`, text, false)
  if (check) {
    if (!http) mistakes.add(`${field}.check`, '', 'a step of the kind http')
    looksOnly(mistakes, `${field}.check.request`, check.request, check.request.method === 'POST')
    withCredentials(`${field}.check.request`, check.request)
    mistakes.expression(`${field}.check.done`, check.done, answered)
  }
  const saves = Object.entries(action.save)
  if (saves.length > 20) mistakes.add(`${field}.save`, String(saves.length), 'at most 20 values')
  if (saves.length > 0 && !http && !poll && !ssm && !webhook && !agent)
    mistakes.add(`${field}.save`, '', 'a step of the kind http, poll, ssm, webhook or agent')
  for (const [name, text] of saves) {
    mistakes.expression(`${field}.save.${name}`, text, answered)
    if (name === 'outcome')
      mistakes.add(`${field}.save.${name}`, text, 'another name: what became of the step is its outcome')
  }
}

/** What a procedure is not allowed to be, found before anything of it is stored; empty: nothing is wrong with it. */
export function mistakesIn(document: ProcedureDocument): readonly RefusedField[] {
  const mistakes = new Mistakes()
  const ids = new Set<string>()
  const names = new Set<string>(reservedStates)
  const isNew = (field: string, id: string) => {
    if (ids.has(id)) mistakes.add(`${field}.id`, id, 'an id of its own')
    ids.add(id)
  }
  const isNamedOnce = (field: string, name: string) => {
    if (names.has(name))
      mistakes.add(`${field}.name`, name, 'a name of its own, since it is a state of the execution graph')
    names.add(name)
  }
  const credentials = new Set(Object.keys(document.credentials))
  for (const [name, { request, token, lifetimeSeconds }] of Object.entries(document.credentials)) {
    mistakes.request(`credentials.${name}.request`, request)
    mistakes.expression(`credentials.${name}.token`, token, ['answer'])
    mistakes.expression(`credentials.${name}.lifetimeSeconds`, lifetimeSeconds, ['answer'])
  }
  for (const [place, step] of document.steps.entries()) {
    const field = `steps.${place}`
    isNew(field, step.id)
    isNamedOnce(field, step.name)
    checkAction(mistakes, field, step, credentials)
    if (step.backup && step.onFailure === 'continue')
      mistakes.add(
        `${field}.onFailure`,
        step.onFailure,
        'way-back or stop: a backup that failed must stop what follows',
      )
    if (acts(step) && inverseOf(step) === undefined && step.inverse !== 'none')
      mistakes.add(`${field}.inverse`, '', 'how it is undone, or none where nothing needs to be')
    mistakes.passed(step.id)
    if (step.helm?.rollback) mistakes.add(`${field}.helm.rollback`, '', 'an inverse, of a step with helm')
    const inverse = inverseOf(step)
    if (!inverse) continue
    isNamedOnce(`${field}.inverse`, inverse.name)
    if (inverse.helm?.rollback && !step.helm)
      mistakes.add(`${field}.inverse.helm.rollback`, '', 'an inverse of a step with helm')
    // One that is left out is as right as its step.
    if (step.inverse !== undefined) checkAction(mistakes, `${field}.inverse`, inverse, credentials)
  }
  for (const [place, step] of document.verifyWayBack.entries()) {
    const field = `verifyWayBack.${place}`
    isNew(field, step.id)
    isNamedOnce(field, step.name)
    checkAction(mistakes, field, step, credentials)
    if (step.helm?.rollback) mistakes.add(`${field}.helm.rollback`, '', 'an inverse, of a step with helm')
  }
  mistakes.expression('version', document.version, before)
  return mistakes.found
}

/** What is wrong with a metric that stands at a place; its templates may read the attempt (upgrade, component, version and wave) and, where two groups are compared, the group. Empty: nothing. */
export function mistakesInMetric(
  field: string,
  { request, value, control, cloudwatch }: Metric,
): readonly RefusedField[] {
  const read = control ? (['attempt', 'group'] as const) : (['attempt'] as const)
  const mistakes = new Mistakes(read)
  if (cloudwatch) mistakes.body(`${field}.cloudwatch`, cloudwatch.queries, false)
  if (request) {
    mistakes.request(`${field}.http.request`, request)
    looksOnly(mistakes, `${field}.http.request`, request, request.method === 'POST')
  }
  if (value !== null) mistakes.expression(`${field}.http.value`, value, [...read, 'answer'])
  return mistakes.found
}
