import type { procedureContracts } from '../../../contracts/procedures.ts'
import type { StepRequest } from '../../../events/procedure.ts'
import { NoValue, type Values } from '../../domain/procedure/expression.ts'
import { renderMessage, secretsOfMessage } from '../../domain/procedure/message.ts'
import { actionsOf, kindOf, type NamedAction } from '../../domain/procedure/steps.ts'
import {
  renderAgentCommand,
  renderCommand,
  renderRelease,
  renderRequest,
} from '../../domain/procedure/template.ts'
import type { Operate } from '../http/endpoint.ts'
import { registeredTarget } from '../targets/registered.ts'
import { revisionOf } from './procedures.ts'

type Contracts = typeof procedureContracts

const hidden = (reference: string) => `(secret ${reference})`

/** Every call that an action may make, in the order in which it would. */
function requestsOf({ http, poll, health, check }: NamedAction): readonly StepRequest[] {
  const checks = health?.checks.map(({ request }) => request) ?? []
  return [http?.request, poll?.request, ...checks, check?.request].filter((request) => request !== undefined)
}

/** What earlier steps would save, as far as it can be shown before they have run: its own name. */
function savedByName(actions: readonly NamedAction[]): Values['steps'] {
  const there = actions.filter(({ direction }) => direction === 'there')
  const saved = there.map(({ id, save }) => {
    const names = Object.keys(save).map((name) => [name, `(${id}.${name})`] as const)
    return [id, { ...Object.fromEntries(names), outcome: 'done' }] as const
  })
  return Object.fromEntries(saved)
}

/** Returns what helm would be told, secrets hidden, or why that cannot be shown; null: it does not do the step. */
function releaseOf({ helm }: NamedAction, values: Partial<Values>) {
  if (!helm) return null
  try {
    const { kubeconfig, namespace, release, chart } = renderRelease(helm, values, hidden)
    const { repository, name, version } = chart ?? {}
    return {
      ...{ cluster: hidden(kubeconfig), namespace, release },
      chart: chart ? `${repository} ${name} ${version}` : null,
      values: JSON.parse(chart?.values ?? '{}'),
    }
  } catch (error) {
    if (error instanceof NoValue) return error.message
    throw error
  }
}

/** Returns what SSM would be told, or why that cannot be shown; null: it does not do the step. */
function commandOf({ ssm }: NamedAction, values: Partial<Values>) {
  if (!ssm) return null
  try {
    const { instance, document, version, parameters } = renderCommand(ssm, values, true)
    return { instance, document, version, parameters }
  } catch (error) {
    if (error instanceof NoValue) return error.message
    throw error
  }
}

/** Returns what the agent would be told to run, or why that cannot be shown; null: it does not do the step. */
function orderOf({ agent }: NamedAction, values: Partial<Values>) {
  if (!agent) return null
  try {
    return renderAgentCommand(agent, values)
  } catch (error) {
    if (error instanceof NoValue) return error.message
    throw error
  }
}

type ShownCall = Omit<ReturnType<typeof renderRequest>, 'seconds'>

function shown(request: StepRequest, values: Partial<Values>): ShownCall | string {
  try {
    const { credentials } = request
    const { seconds: _, ...call } = renderRequest(request, values, hidden)
    const bearer = credentials === null ? {} : { authorization: `Bearer (${credentials})` }
    return { ...call, headers: { ...bearer, ...call.headers } }
  } catch (error) {
    if (error instanceof NoValue) return error.message
    throw error
  }
}

/** What stands for how a message is answered. */
const invitation = { url: '(address)/api/v1/callbacks', token: '(capability)', expiresAt: '(deadline)' }

/** Returns the message that would be sent, with what signs it and what it may be answered by hidden; or why that cannot be shown. */
function messagesOf(
  { id: step, direction, webhook }: NamedAction,
  target: string,
  values: Partial<Values>,
): readonly (ShownCall | string)[] {
  if (!webhook) return []
  try {
    const told = { target, attempt: '(attempt)', step, direction, at: '(now)' }
    const { url, text } = renderMessage(webhook, values, told, webhook.callback ? invitation : undefined)
    const signatures = secretsOfMessage(webhook).map((reference) => `(signed by ${hidden(reference)})`)
    const headers = {
      'content-type': 'application/json',
      'webhook-id': '(the same for each try)',
      'webhook-timestamp': '(now)',
      'webhook-signature': signatures.join(' '),
    }
    return [{ method: 'POST', url, headers, body: text }]
  } catch (error) {
    if (error instanceof NoValue) return [error.message]
    throw error
  }
}

/** Shows every call that a procedure would make for a target, and makes none. */
export const tryProcedure: Operate<Contracts['tryProcedure']> = async ({ params, body }, { log }) => {
  const { targetId, component, version } = body
  const { reference, document } = await revisionOf(log, params.name, body.revision)
  const { state } = await registeredTarget(log, targetId)
  const { type, region, tags, namespace, critical } = state.facts
  const actions = [...actionsOf(document)]
  const values = {
    target: { id: targetId, type, region, tags, namespace, critical },
    attempt: {
      ...{ id: '(attempt)', upgrade: '(upgrade)', component, to: version, kind: 'deploy', n: 1 },
      ...{ from: state.components[component] ?? null, digest: null },
    },
    steps: savedByName(actions),
  }
  const steps = actions.map((action) => {
    const calls = [
      ...requestsOf(action).map((request) => shown(request, values)),
      ...messagesOf(action, targetId, values),
    ]
    const release = releaseOf(action, values)
    const command = commandOf(action, values)
    const agent = orderOf(action, values)
    const unknown = [...calls, release, command, agent].filter((shown) => typeof shown === 'string')
    return {
      ...{
        step: action.id,
        name: action.name,
        direction: action.direction,
        kind: kindOf(action),
        when: action.when,
      },
      calls: calls.flatMap((call) => (typeof call === 'string' ? [] : [call])),
      release: typeof release === 'string' ? null : release,
      command: typeof command === 'string' ? null : command,
      agent: typeof agent === 'string' ? null : agent,
      note: unknown.length === 0 ? null : unknown.join('; '),
    }
  })
  return { status: 200, body: { procedure: reference.name, revision: reference.revision, targetId, steps } }
}
