import type { policyContracts } from '../../../contracts/policies.ts'
import {
  definePolicy as define,
  type Policy,
  type RulesDecision,
  type RulesState,
  rulesAggregate,
  upgradeRules,
  withdrawPolicy as withdraw,
} from '../../domain/rules/rules.ts'
import { unknownCalendars } from '../../facts/closures.ts'
import { patience } from '../../patience.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { documentBody, documentFrom } from './document.ts'

type Contracts = typeof policyContracts

function shown({ name, revision, defined, withdrawn, document }: Policy) {
  return {
    name,
    revision,
    definedBy: defined.by,
    definedAt: defined.at,
    withdrawn,
    document: documentBody(document),
  }
}

function policyIn({ policies }: RulesState, name: string): Policy {
  const found = policies.find((one) => one.name === name)
  if (!found) throw new Problem('policy-not-found', 'There is no such policy. PUT it under this name.')
  return found
}

/** Carries out a command on the policies. */
async function command(input: Parameters<typeof metadataOf>[0], { log }: Services, decision: RulesDecision) {
  const trying = { retryFor: patience.person }
  const outcome = await log.execute(rulesAggregate, upgradeRules, decision, metadataOf(input), trying)
  return { ...accepted(outcome), isNew: outcome.kind !== 'unchanged' }
}

/** Defines a policy under its name; the same document again changes nothing. */
export const definePolicy: Operate<Contracts['definePolicy']> = async (input, services) => {
  const { name } = input.params
  const unknown = await unknownCalendars(services.log, input.body.freezes)
  if (unknown.length > 0) {
    const detail = `No calendar is defined as ${unknown.join(', ')}: PUT /api/v1/calendars/{name} defines one.`
    throw new Problem('calendar-not-defined', detail)
  }
  const { state, commit, isNew } = await command(
    input,
    services,
    define({ name, document: documentFrom(input.body) }),
  )
  const policy = policyIn(state, name)
  const status = isNew && policy.revision === 1 ? 201 : 200
  return { status, body: shown(policy), commit, etag: commit, location: `/api/v1/policies/${name}` }
}

/** Lists all policies, from the log: what binds is told as it is now. */
export const listPolicies: Operate<Contracts['listPolicies']> = async (_input, { log }) => {
  const { state } = await log.load(rulesAggregate, upgradeRules)
  const policies = state.policies.map(shown)
  return { status: 200, body: { policies, count: policies.length, nextCursor: null } }
}

/** Reads a policy from the log. */
export const getPolicy: Operate<Contracts['getPolicy']> = async ({ params }, { log }) => {
  const { state, commit } = await log.load(rulesAggregate, upgradeRules)
  return { status: 200, body: shown(policyIn(state, params.name)), etag: commit }
}

/** Takes a policy out of service. */
export const withdrawPolicy: Operate<Contracts['withdrawPolicy']> = async (input, services) => {
  const { name } = input.params
  const { reason } = input.query
  const { state, commit } = await command(input, services, withdraw({ name, reason }))
  return { status: 200, body: shown(policyIn(state, name)), commit, etag: commit }
}
