import type { Delivery } from '../deliveries.ts'
import { checkPattern } from './check-pattern.ts'
import { unknownProperty } from './errors.ts'
import type { BusEvent, Origin } from './event.ts'
import { matches } from './pattern.ts'
import { checkTarget, inputOf, type RuleTarget } from './target.ts'

/** A rule, as `AWS::Events::Rule` spells it. The bus may be named or given by its ARN. */
export interface RuleProperties {
  readonly Name?: string
  readonly Description?: string
  readonly EventBusName?: string
  readonly EventPattern: unknown
  readonly State?: 'ENABLED' | 'DISABLED'
  readonly Targets: readonly RuleTarget[]
}

/** The rules of all buses. */
export interface Rules {
  /** Declares a rule of a bus; throws on what would be ignored. */
  create(bus: string, properties: RuleProperties): void
  /** Returns what is to be delivered for an event on a bus. */
  deliveriesOf(bus: string, event: BusEvent): Delivery[]
}

interface Rule extends RuleProperties {
  readonly bus: string
  readonly name: string
  readonly arn: string
}

const ruleFields = ['Name', 'Description', 'EventBusName', 'EventPattern', 'State', 'Targets']
const targetFields = [
  'Id',
  'Arn',
  'RoleArn',
  'Input',
  'InputPath',
  'InputTransformer',
  'DeadLetterConfig',
  'RetryPolicy',
]

/** Opens the rules; they are declared anew at every start. */
export function openRules({ clock, region, account }: Origin): Rules {
  const rules: Rule[] = []

  function deliveryOf(rule: Rule, target: RuleTarget, event: BusEvent): Delivery {
    const now = clock.now()
    const deadLetterArn = target.DeadLetterConfig?.Arn
    const ingestionTime = new Date(now).toISOString()
    return {
      targetArn: target.Arn,
      payload: inputOf(target, event, { ruleArn: rule.arn, ruleName: rule.name, ingestionTime }) ?? null,
      since: now,
      maximumAttempts: (target.RetryPolicy?.MaximumRetryAttempts ?? 185) + 1,
      maximumAgeSeconds: target.RetryPolicy?.MaximumEventAgeInSeconds ?? 86_400,
      ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
      origin: { RULE_ARN: rule.arn },
    }
  }

  return {
    create(bus, properties) {
      const ofBus = rules.filter((rule) => rule.bus === bus)
      const name = properties.Name ?? `rule-${ofBus.length + 1}`
      checkRule(properties, `Rule ${name}`)
      if (ofBus.some((rule) => rule.name === name)) throw new Error(`Rule ${name} exists twice on bus ${bus}`)
      const path = bus === 'default' ? name : `${bus}/${name}`
      rules.push({ ...properties, bus, name, arn: `arn:aws:events:${region}:${account}:rule/${path}` })
    },
    deliveriesOf: (bus, event) =>
      rules
        .filter((rule) => rule.bus === bus && rule.State !== 'DISABLED' && matches(rule.EventPattern, event))
        .flatMap((rule) => rule.Targets.map((target) => deliveryOf(rule, target, event))),
  }
}

function checkRule(properties: RuleProperties, what: string): void {
  const { State, EventPattern, Targets } = properties
  onlyKnown(properties, ruleFields, what)
  if (!['ENABLED', 'DISABLED', undefined].includes(State))
    throw new Error(`${what}: the state ${State} is not supported, use ENABLED or DISABLED`)
  checkPattern(EventPattern)
  for (const target of Targets) {
    onlyKnown(target, targetFields, `${what}, target ${target.Id}`)
    checkTarget(target)
  }
}

function onlyKnown(given: object, known: readonly string[], what: string): void {
  const problem = unknownProperty(given, known, what)
  if (problem !== undefined) throw new Error(problem)
}
