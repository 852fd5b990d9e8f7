import { canonicalJson } from '../../../events/canonical.ts'
import { type PolicyDocument, type RuleEvent, ruleEvents } from '../../../events/rules.ts'
import { type Aggregate, accept, type Decision, reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'

/** One policy, as it was defined last. */
export interface Policy {
  readonly name: string
  /** How often it has been defined, from 1. */
  readonly revision: number
  readonly document: PolicyDocument
  readonly defined: { readonly by: string; readonly at: string }
  /** Why it binds nothing any more; null: it is in service. */
  readonly withdrawn: { readonly reason: string; readonly by: string; readonly at: string } | null
}

/** All policies, by name. */
export interface RulesState {
  readonly policies: readonly Policy[]
}

/** A decision about policies. */
export type RulesDecision = (state: RulesState, now: string) => Decision<RuleEvent, Rejection>

/** What upgrades have to meet: one stream for all policies, so that one read says what is in force. */
export const rulesAggregate: Aggregate<RulesState, RuleEvent> = {
  name: 'rules',
  stateSchema: 1,
  initial: { policies: [] },
  evolve({ policies }, event, { at, actor }) {
    const { name } = event.data
    const before = policies.find((one) => one.name === name)
    const others = policies.filter((one) => one !== before)
    switch (event.type) {
      case 'PolicyDefined': {
        const revision = (before?.revision ?? 0) + 1
        const { document } = event.data
        const policy = { name, revision, document, defined: { by: actor, at }, withdrawn: null }
        return { policies: [...others, policy].sort((left, right) => (left.name < right.name ? -1 : 1)) }
      }
      case 'PolicyWithdrawn': {
        const withdrawn = { reason: event.data.reason, by: actor, at }
        return { policies: policies.map((one) => (one === before ? { ...one, withdrawn } : one)) }
      }
    }
  },
  decode: (type, schema, data) => ruleEvents.decode(type, schema, data),
  encode: ruleEvents.encode,
}

/** The id of the one stream of policies. */
export const upgradeRules = 'upgrades'

/** So many are kept, those out of service included: every admission asks all of them. */
const policiesAtMost = 50

/** A policy is so long at most, in bytes: all of them fit into one snapshot. */
const longestDocument = 4_000

/** What few of those in service may ask for, and how many. */
const scarce: readonly {
  asks(document: PolicyDocument): boolean
  readonly words: string
  readonly atMost: number
}[] = [
  // Each is counted in the state of every upgrade that it binds.
  { asks: ({ approvals }) => approvals !== null, words: 'demand approvals', atMost: 3 },
  // Each admission names its share of each bound.
  { asks: ({ together }) => together !== undefined, words: 'bound all upgrades together', atMost: 3 },
]

/** Defines a policy, or defines it anew; the same document again changes nothing. */
export function definePolicy(command: {
  readonly name: string
  readonly document: PolicyDocument
}): RulesDecision {
  return ({ policies }) => {
    const { name, document } = command
    const present = policies.find((one) => one.name === name)
    const text = canonicalJson(document)
    if (present && !present.withdrawn && canonicalJson(present.document) === text) return accept()
    if (Buffer.byteLength(text) > longestDocument) {
      const detail = `A policy has ${longestDocument} bytes at most: make two of it.`
      return reject({ code: 'policy-too-large', detail })
    }
    if (!present && policies.length >= policiesAtMost) {
      const detail = `There are ${policiesAtMost} policies, and none is forgotten: define one of them anew.`
      return reject({ code: 'too-many-policies', detail })
    }
    const others = policies.filter((one) => one !== present && !one.withdrawn)
    for (const { asks, words, atMost } of scarce) {
      const asking = asks(document) ? others.filter((one) => asks(one.document)) : []
      if (asking.length < atMost) continue
      const names = asking.map((one) => one.name).join(', ')
      const detail = `${atMost} policies ${words} (${names}): put it into one of them.`
      return reject({ code: 'too-many-policies', detail })
    }
    return accept({ type: 'PolicyDefined', data: { name, document } })
  }
}

/** Takes a policy out of service, with a reason. The first reason stays. */
export function withdrawPolicy(command: { readonly name: string; readonly reason: string }): RulesDecision {
  return ({ policies }) => {
    const present = policies.find((one) => one.name === command.name)
    if (!present) {
      const detail = 'There is no such policy. GET /api/v1/policies lists those that there are.'
      return reject({ code: 'policy-not-found', detail })
    }
    return present.withdrawn ? accept() : accept({ type: 'PolicyWithdrawn', data: command })
  }
}
