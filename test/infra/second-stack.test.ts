import { beforeAll, describe, expect, test } from 'vitest'
import { resourceTypes } from '../../infra/local/template/resource-types.ts'
import { type Resolved, resolvedStack } from './resolved.ts'
import { synthesized, type Template } from './synthesized.ts'

let first: Template
let second: Template
beforeAll(() => {
  first = synthesized()
  second = synthesized(undefined, 'Drydock-Trial')
})

/** Names that are unique inside of another resource of the stack only. */
const inside: Readonly<Record<string, string>> = {
  'AWS::ApiGatewayV2::Stage': 'an API',
}

/** Names that whoever deploys chooses, by a parameter that is empty without them. */
const chosen: Readonly<Record<string, string>> = {
  'AWS::ApiGatewayV2::DomainName': 'AgentDomain',
}

/** Returns every name that the template gives by itself, by kind; what it leaves out CloudFormation makes unique. */
function physicalNames(stack: ReadonlyMap<string, Resolved>): string[] {
  return [...stack.values()].flatMap(({ type, properties }) => {
    const property = resourceTypes[type]?.nameProperty
    const name = property === undefined || type in inside || type in chosen ? undefined : properties[property]
    return name === undefined ? [] : [`${type} ${name}`]
  })
}

const told = (stack: ReadonlyMap<string, Resolved>, variable: string) =>
  new Set(
    [...stack.values()].flatMap(({ properties }) => properties.Environment?.Variables?.[variable] ?? []),
  )

describe('a second stack in an account', () => {
  test('shares no physical name with the first', () => {
    const names = [physicalNames(resolvedStack(first)), physicalNames(resolvedStack(second, 'Drydock-Trial'))]
    const [one = [], other = []] = names
    expect(one.length).toBeGreaterThan(6)
    expect(other).toHaveLength(one.length)
    expect(one.filter((name) => other.includes(name))).toEqual([])
  })

  test('has no name that one machine does not know of', () => {
    const unknown = [...resolvedStack(first).values()].flatMap(({ type, properties }) =>
      Object.keys(properties)
        .filter((property) => /^(\w*Name)$/.test(property) && property !== resourceTypes[type]?.nameProperty)
        .map((property) => `${type} ${property}`),
    )
    // What is named here is somebody else's name, or one that need not be unique.
    expect([...new Set(unknown)].sort()).toEqual([
      'AWS::ApiGatewayV2::Api Name',
      'AWS::ApiGatewayV2::ApiMapping DomainName',
      'AWS::ApiGatewayV2::Authorizer Name',
      'AWS::CloudWatch::Alarm MetricName',
      'AWS::Cognito::UserPoolGroup GroupName',
      'AWS::Events::Rule EventBusName',
      'AWS::IAM::Policy PolicyName',
      'AWS::Lambda::EventInvokeConfig FunctionName',
      'AWS::Lambda::EventSourceMapping FunctionName',
      'AWS::Lambda::Permission FunctionName',
    ])
  })

  test('counts in a namespace of its own, so that no alarm of one rings for the other', () => {
    for (const [stack, name] of [
      [resolvedStack(first), 'Drydock'],
      [resolvedStack(second, 'Drydock-Trial'), 'Drydock-Trial'],
    ] as const) {
      expect([...told(stack, 'METRICS_NAMESPACE')]).toEqual([name])
      const watched = JSON.stringify(
        [...stack.values()].filter(({ type }) => type === 'AWS::CloudWatch::Alarm'),
      )
      const own = [...watched.matchAll(/"Namespace":"([^"]+)"/g)].map(([, space]) => space)
      expect(new Set(own.filter((space) => !space?.startsWith('AWS/')))).toEqual(new Set([name]))
    }
  })

  test('keeps the schedules of its windows in a group of its own', () => {
    expect([...told(resolvedStack(second, 'Drydock-Trial'), 'WINDOWS_GROUP')]).toEqual(['drydock-trial'])
  })

  test('has the same logical ids, so that what is written about one holds for the other', () => {
    expect(Object.keys(second.Resources)).toEqual(Object.keys(first.Resources))
  })

  test('exports nothing, since names of exports are unique in an account', () => {
    expect(Object.values(first.Outputs).filter(({ Export }) => Export !== undefined)).toEqual([])
  })

  test('is refused where its names would be too long', () => {
    expect(() => synthesized(undefined, 'D'.repeat(41))).toThrow('longer than 40 characters')
  })
})
