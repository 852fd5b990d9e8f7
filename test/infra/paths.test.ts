import { beforeAll, describe, expect, test } from 'vitest'
import { judge, type Statement } from '../../infra/local/access/policies.ts'
import { type Path, pathsOf } from './paths.ts'
import { type Resolved, resolvedStack } from './resolved.ts'
import { synthesized, type Template } from './synthesized.ts'

let template: Template
let stack: ReadonlyMap<string, Resolved>
let paths: readonly Path[]
beforeAll(() => {
  template = synthesized()
  stack = resolvedStack(template)
  paths = pathsOf(stack)
})

/** The steps that are not allowed, in words. */
const closed = (all: readonly Path[]) =>
  all.flatMap(({ from, to, steps }) =>
    steps
      .filter(({ verdict }) => verdict !== 'allowed')
      .map(({ at, asks, verdict }) => `${from} → ${to}: ${asks} at ${at}: ${verdict}`),
  )

/** Walks a template in which something was changed first. */
function walked(
  change: (copy: { Resources: Record<string, { Type: string; Properties: Properties }> }) => void,
) {
  const copy = structuredClone(template)
  change(copy as unknown as Parameters<typeof change>[0]) // a copy may be written to
  return closed(pathsOf(resolvedStack(copy)))
}
// biome-ignore lint/suspicious/noExplicitAny: what a test changes in a template of JSON.
type Properties = any

describe('a way from one service to another', () => {
  test('is open for whom it needs, wherever the template has one', () => {
    expect(closed(paths)).toEqual([])
  })

  test('begins at every alarm, rule, schedule, mapping, route and function', () => {
    const begins = new Set(paths.map(({ from }) => from))
    const types = [
      ...['CloudWatch::Alarm', 'Events::Rule', 'Scheduler::Schedule', 'Lambda::EventSourceMapping'],
      ...[
        'Lambda::EventInvokeConfig',
        'ApiGatewayV2::Route',
        'StepFunctions::StateMachine',
        'Lambda::Function',
      ],
    ]
    const silent = [...stack.values()].filter(({ type }) => types.some((one) => type === `AWS::${one}`))
    expect(silent.length).toBeGreaterThan(100)
    expect(silent.filter(({ id }) => !begins.has(id)).map(({ id }) => id)).toEqual([])
  })

  test('asks every role, queue, topic and key that the template has', () => {
    const asked = new Set(paths.flatMap(({ steps }) => steps.map(({ at }) => at)))
    const reached = new Set(paths.map(({ to }) => to))
    const types = ['IAM::Role', 'SQS::Queue', 'SNS::Topic', 'KMS::Key']
    const owners = [...stack.values()].filter(({ type }) => types.some((one) => type === `AWS::${one}`))
    expect(owners.filter(({ id }) => !asked.has(id) && !reached.has(id)).map(({ id }) => id)).toEqual([])
  })

  test('has no policy beside it that lets in whom no way needs', () => {
    const wanted = new Set(
      paths.flatMap(({ steps }) => steps.map(({ at, asks }) => `${at} ${asks.split(' ')[0]}`)),
    )
    const lets = [...stack.values()].flatMap(({ type, properties }) => {
      const owners = type === 'AWS::SQS::QueuePolicy' ? properties.Queues : properties.Topics
      if (owners === undefined || type === 'AWS::SQS::Queue') return []
      const ids = [...stack.values()].filter(({ ref }) => owners.includes(ref)).map(({ id }) => id)
      return properties.PolicyDocument.Statement.filter(
        ({ Effect }: Statement) => Effect === 'Allow',
      ).flatMap(({ Principal }: { Principal: { Service: string } }) =>
        ids.map((id) => `${id} ${Principal.Service}`),
      )
    })
    expect(lets.length).toBeGreaterThan(1)
    expect(lets.filter((one) => !wanted.has(one))).toEqual([])
  })

  test('keeps what another account asks of a topic, a queue, a function or a role closed', () => {
    const elsewhere = {
      'aws:SourceAccount': '111111111111',
      'aws:SourceArn': 'arn:aws:cloudwatch:eu-central-1:111111111111:alarm:x',
    }
    const documents = [...stack.values()].flatMap(({ id, properties }) => {
      const document = properties.PolicyDocument ?? properties.AssumeRolePolicyDocument
      return document === undefined ? [] : [[id, document.Statement as Statement[]] as const]
    })
    const services = ['cloudwatch', 'events', 'scheduler', 'states', 'sns'].map(
      (name) => `${name}.amazonaws.com`,
    )
    const open = documents
      .filter(([, statements]) => statements.some(({ Principal }) => Principal !== undefined))
      .flatMap(([id, statements]) =>
        services
          .filter((service) =>
            ['sns:Publish', 'sqs:SendMessage', 'sts:AssumeRole'].some(
              (action) =>
                judge(
                  statements.map(({ Resource: _, ...one }) => one),
                  {
                    ...{ principal: { service }, action, resource: '*', context: elsewhere },
                  },
                ) === 'allowed',
            ),
          )
          .map((service) => `${id} ${service}`),
      )
    expect(open).toEqual([])
  })
})

describe('a way is found closed', () => {
  const policies = (type: string, change: (statements: Statement[]) => Statement[]) =>
    walked(({ Resources }) => {
      for (const { Type, Properties } of Object.values(Resources))
        if (Type === `AWS::${type}`)
          Properties.PolicyDocument.Statement = change(Properties.PolicyDocument.Statement)
    })

  test('where a topic refuses plain HTTP and lets nobody in', () => {
    const found = policies('SNS::TopicPolicy', (all) => all.filter(({ Effect }) => Effect === 'Deny'))
    expect(found).toHaveLength(
      [...stack.values()].filter(({ type }) => type === 'AWS::CloudWatch::Alarm').length,
    )
    expect(found[0]).toMatch(/cloudwatch\.amazonaws\.com sns:Publish at AlarmsTopic\w+: nobody allows it/)
  })

  test('where one Deny hits, whatever else is allowed', () => {
    const everything = { Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: '*' } as const
    expect(policies('SQS::QueuePolicy', (all) => [...all, everything]).length).toBeGreaterThan(5)
  })

  test('where a topic lies under a key that does not know the publisher', () => {
    const underKey = (key: unknown) =>
      walked(({ Resources }) => {
        for (const one of Object.values(Resources))
          if (one.Type === 'AWS::SNS::Topic') one.Properties = { KmsMasterKeyId: key }
      })
    expect(underKey('alias/aws/sns')[0]).toContain('kms:Decrypt at alias/aws/sns: nobody allows it')
    expect(underKey({ Ref: 'LogKeyDF019C7A' })[0]).toContain(
      'kms:Decrypt at LogKeyDF019C7A: nobody allows it',
    )
  })

  test('where a role lost its trust, or its trust names another source', () => {
    const trust = (change: (statement: Properties) => void) =>
      walked(({ Resources }) => {
        for (const { Type, Properties } of Object.values(Resources))
          if (Type === 'AWS::IAM::Role')
            for (const one of Properties.AssumeRolePolicyDocument.Statement) change(one)
      })
    const functions = [...stack.values()].filter(({ type }) => type === 'AWS::Lambda::Function').length
    expect(trust((one) => Object.assign(one, { Action: 'sts:TagSession' })).length).toBeGreaterThan(functions)
    const elsewhere = { StringEquals: { 'aws:SourceAccount': '111111111111' } }
    expect(
      trust((one) => one.Condition && Object.assign(one, { Condition: elsewhere })).length,
    ).toBeGreaterThan(5)
  })

  test('where a function forgot who calls it, or its role what it was granted', () => {
    const without = (gone: string) =>
      walked(({ Resources }) => {
        for (const [id, { Type }] of Object.entries(Resources))
          if (Type === `AWS::${gone}`) delete Resources[id]
      })
    const routes = [...stack.values()].filter(({ type }) => type === 'AWS::ApiGatewayV2::Route').length
    expect(without('Lambda::Permission').length).toBeGreaterThan(routes)
    expect(without('IAM::Policy').length).toBeGreaterThan(50)
  })
})

describe('what is granted', () => {
  test('is there before what tries it when it is created', () => {
    const needs = (id: string, seen = new Set<string>()): Set<string> => {
      if (seen.has(id)) return seen
      seen.add(id)
      const { Properties, DependsOn = [] } = template.Resources[id] ?? {}
      const text = JSON.stringify(Properties ?? {})
      const named = [...text.matchAll(/"(?:Ref|Fn::GetAtt)":(?:\[)?"(\w+)"/g)].map(([, name]) => name ?? '')
      for (const other of [...[DependsOn].flat(), ...named]) if (stack.has(other)) needs(other, seen)
      return seen
    }
    const policyOf = (role: string) =>
      [...stack.values()].filter(
        ({ id, type, properties }) =>
          type === 'AWS::IAM::Policy' &&
          properties.Roles.includes(role) &&
          // What only some deployments have (who sends e-mails) is nothing that is tried.
          template.Resources[id]?.Condition === undefined,
      )
    const tried = [...stack.values()].flatMap(({ id, type, properties }) => {
      const lambda = [...stack.values()].find(
        (one) =>
          one.type === 'AWS::Lambda::Function' &&
          [one.ref, one.attributes.Arn].includes(properties.FunctionName),
      )
      const role: Record<string, () => string> = {
        'AWS::Lambda::EventSourceMapping': () => lambda?.properties.Role,
        'AWS::Lambda::EventInvokeConfig': () => lambda?.properties.Role,
        'AWS::Scheduler::Schedule': () => properties.Target.RoleArn,
        'AWS::StepFunctions::StateMachine': () => properties.RoleArn,
      }
      const arn = role[type]?.()
      if (arn === undefined) return []
      const name = [...stack.values()].find(({ attributes }) => attributes.Arn === arn)?.ref ?? ''
      return policyOf(name).map((policy) => [id, policy.id] as const)
    })
    expect(tried.length).toBeGreaterThan(8)
    expect(tried.filter(([id, policy]) => !needs(id).has(policy))).toEqual([])
  })
})
