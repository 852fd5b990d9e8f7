import {
  judge,
  type Principal,
  type Request,
  type Statement,
  type Verdict,
} from '../../infra/local/access/policies.ts'
import { account } from '../../infra/local/template/types/type.ts'
import type { Resolved } from './resolved.ts'

/** One thing that must be allowed for something to happen, and what the policy that decides it says. */
export interface Step {
  /** Whom the policy belongs to, by its logical id: a topic, a queue, a function, a role, a key. */
  readonly at: string
  readonly asks: string
  readonly verdict: Verdict
}

/** What a service says of itself when it acts for a resource of this account. */
export const forSource = (arn: string) => ({ 'aws:SourceArn': arn, 'aws:SourceAccount': account })

/** Asks the policies of a stack what one needs on the way to another. */
export function stepsIn(stack: ReadonlyMap<string, Resolved>) {
  const of = (type: string) => [...stack.values()].filter((one) => one.type === `AWS::${type}`)
  const byArn = new Map([...stack.values()].flatMap((one) => [[one.attributes.Arn ?? one.ref, one] as const]))
  const at = (arn: string): Resolved => {
    const found = byArn.get(arn)
    if (found === undefined) throw new Error(`Nothing of the stack is ${arn}.`)
    return found
  }
  const step = (owner: Resolved, statements: readonly Statement[], request: Request): Step => {
    const who = 'service' in request.principal ? request.principal.service : at(request.principal.role).id
    return { at: owner.id, asks: `${who} ${request.action}`, verdict: judge(statements, request) }
  }

  /** What stands on a role itself: its right is asked of its own policies. */
  const asRole = (roleArn: string, action: string, resource: string, context = {}): Step => {
    const role = at(roleArn)
    const statements = of('IAM::Policy')
      .filter(({ properties }) => properties.Roles.includes(role.ref))
      .flatMap(({ properties }) => properties.PolicyDocument.Statement)
    return step(role, statements, { principal: { role: roleArn }, action, resource, context })
  }
  const assumes = (service: string, roleArn: string, context = {}): Step => {
    const role = at(roleArn)
    const { Statement } = role.properties.AssumeRolePolicyDocument
    return step(role, Statement, {
      principal: { service },
      action: 'sts:AssumeRole',
      resource: roleArn,
      context,
    })
  }

  /** A key decides for itself. A role of this account needs no right of its own where the key admits it. */
  const useOfKey = (
    key: string | undefined,
    principal: Principal,
    actions: readonly string[],
    context = {},
  ) =>
    actions.flatMap((action): Step[] => {
      if (key === undefined) return []
      const owner = [...stack.values()].find(
        ({ type, ref, attributes }) => type === 'AWS::KMS::Key' && [ref, attributes.Arn].includes(key),
      )
      // A key that AWS manages lets only its own service in, and nobody can change that.
      if (owner === undefined) return [{ at: key, asks: action, verdict: 'nobody allows it' }]
      return [
        step(owner, owner.properties.KeyPolicy.Statement, { principal, action, resource: '*', context }),
      ]
    })
  const policyOf = (type: string, list: string, ref: string): readonly Statement[] | undefined => {
    const found = of(type).filter(({ properties }) => properties[list].includes(ref))
    return found.length === 0
      ? undefined
      : found.flatMap(({ properties }) => properties.PolicyDocument.Statement)
  }

  const publishes = (topicArn: string, service: string, source: string): Step[] => {
    const topic = at(topicArn)
    const statements = policyOf('SNS::TopicPolicy', 'Topics', topic.ref)
    const principal = { service }
    const request = { principal, action: 'sns:Publish', resource: topicArn, context: forSource(source) }
    // Without a policy of its own a topic has one that lets its account publish, and CloudWatch for it (AWS).
    return [
      ...(statements ? [step(topic, statements, request)] : []),
      ...useOfKey(topic.properties.KmsMasterKeyId, principal, ['kms:Decrypt', 'kms:GenerateDataKey'], {
        ...forSource(source),
      }),
    ]
  }
  const sends = (queueArn: string, principal: Principal, source?: string): Step[] => {
    const queue = at(queueArn)
    const statements = policyOf('SQS::QueuePolicy', 'Queues', queue.ref) ?? []
    const context = source === undefined ? {} : forSource(source)
    const request = { principal, action: 'sqs:SendMessage', resource: queueArn, context }
    const own = step(queue, statements, request)
    const key = useOfKey(
      queue.properties.KmsMasterKeyId,
      principal,
      ['kms:Decrypt', 'kms:GenerateDataKey'],
      context,
    )
    if ('service' in principal) return [own, ...key]
    // Within an account one Allow is enough: the queue's policy only must not refuse what the role's allows.
    const refused = own.verdict === 'denied' ? [own] : []
    return [asRole(principal.role, 'sqs:SendMessage', queueArn), ...refused, ...key]
  }
  const invokes = (functionArn: string, service: string, source: string): Step => {
    const lambda = at(functionArn)
    const statements = of('Lambda::Permission')
      .filter(({ properties }) => properties.FunctionName === functionArn)
      .map(({ properties }): Statement => {
        const { Action, Principal, SourceArn, SourceAccount } = properties
        return {
          ...{ Effect: 'Allow', Action, Principal: { Service: Principal }, Resource: functionArn },
          Condition: {
            ...(SourceArn && { ArnLike: { 'aws:SourceArn': SourceArn } }),
            ...(SourceAccount && { StringEquals: { 'aws:SourceAccount': SourceAccount } }),
          },
        }
      })
    const context = forSource(source)
    return step(lambda, statements, {
      principal: { service },
      action: 'lambda:InvokeFunction',
      resource: functionArn,
      context,
    })
  }
  const roleOf = (lambda: Resolved): string => lambda.properties.Role
  const functionOf = (name: string): Resolved => {
    const found = of('Lambda::Function').find(({ ref, attributes }) => [ref, attributes.Arn].includes(name))
    if (found === undefined) throw new Error(`There is no function ${name}.`)
    return found
  }

  return { of, at, asRole, assumes, useOfKey, publishes, sends, invokes, roleOf, functionOf }
}
