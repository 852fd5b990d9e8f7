// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Fn::Sub writes its placeholders like this.
import { describe, expect, it } from 'vitest'
import { readCloudAssembly } from '../../../infra/local/template/cloud-assembly.ts'
import { resolveStack } from '../../../infra/local/template/stack.ts'
import { type FixtureTemplate, fixtureTemplate, writeAssembly } from '../fixture.ts'

/** Resolves the fixture with some resources added or replaced. */
function resolveWith(
  resources: FixtureTemplate['Resources'],
  sections: Record<string, unknown> = {},
  parameters: Record<string, string> = {},
) {
  const template = fixtureTemplate()
  const directory = writeAssembly({
    ...template,
    ...sections,
    Resources: { ...template.Resources, ...resources },
  })
  return resolveStack(readCloudAssembly(directory), parameters)
}

const lambdaWith = (variables: unknown) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Key: 'keep.zip' },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Environment: { Variables: variables },
  },
})

function variablesOf(
  variables: unknown,
  sections: Record<string, unknown> = {},
  parameters: Record<string, string> = {},
) {
  const resources = resolveWith({ Probe: lambdaWith(variables) }, sections, parameters)
  const environment = resources.find(({ logicalId }) => logicalId === 'Probe')?.properties.Environment
  return (environment as { Variables: unknown }).Variables // as lambdaWith() wrote it
}

describe('references of a template', () => {
  it('resolve names, attributes, joins, substitutions and pseudo-parameters', () => {
    expect(
      variablesOf({
        name: { Ref: 'Items' },
        arn: { 'Fn::GetAtt': ['Items', 'StreamArn'] },
        dotted: { 'Fn::GetAtt': 'GivenUp.QueueName' },
        joined: { 'Fn::Join': ['-', ['a', { Ref: 'AWS::Region' }, 7]] },
        text: { 'Fn::Sub': '${AWS::Partition}/${Items}/${Bus.Arn}/${!Literal}' },
        variables: { 'Fn::Sub': ['${Own} and ${Bus}', { Own: { Ref: 'AWS::AccountId' } }] },
        absent: { Ref: 'AWS::NoValue' },
      }),
    ).toEqual({
      name: 'Fixture-Items',
      arn: 'arn:aws:dynamodb:eu-central-1:000000000000:table/Fixture-Items/stream/local',
      dotted: 'Fixture-GivenUp',
      joined: 'a-eu-central-1-7',
      text: 'aws/Fixture-Items/arn:aws:events:eu-central-1:000000000000:event-bus/news/${Literal}',
      variables: '000000000000 and news',
    })
  })

  it('are not even looked at where a rule about parameters is broken, which is told in its words', () => {
    const sections = {
      Parameters: { Given: { Type: 'String', Default: '' } },
      Rules: {
        Needed: {
          RuleCondition: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Given' }, 'anything goes'] }] },
          Assertions: [
            { Assert: { 'Fn::Equals': [{ Ref: 'Given' }, 'x'] }, AssertDescription: 'Given is x.' },
          ],
        },
      },
    }
    expect(() => variablesOf({}, sections)).toThrow('Needed (Rule) says: Given is x.')
    expect(variablesOf({ a: { Ref: 'Given' } }, sections, { Given: 'x' })).toEqual({ a: 'x' })
    expect(variablesOf({}, sections, { Given: 'anything goes' })).toEqual({})
  })

  it('take a given parameter before its default, and name the one that has neither', () => {
    const sections = {
      Parameters: {
        Given: { Type: 'String', Default: 'x' },
        Default: { Type: 'String', Default: 'd' },
        None: { Type: 'String' },
      },
    }
    expect(variablesOf({ a: { Ref: 'Given' }, b: { Ref: 'Default' } }, sections, { Given: 'g' })).toEqual({
      a: 'g',
      b: 'd',
    })
    expect(() => variablesOf({ a: { Ref: 'None' } }, sections)).toThrow(
      /Probe .*needs a value for the parameter None/,
    )
  })

  it('follow conditions, and a resource whose condition does not hold is not there', () => {
    const sections = {
      Parameters: { Mode: { Type: 'String', Default: '' } },
      Conditions: {
        Empty: { 'Fn::Equals': [{ Ref: 'Mode' }, ''] },
        Full: { 'Fn::Not': [{ Condition: 'Empty' }] },
      },
    }
    expect(variablesOf({ a: { 'Fn::If': ['Empty', 'yes', { Ref: 'Nothing' }] } }, sections)).toEqual({
      a: 'yes',
    })
    const conditional = { Only: { Type: 'AWS::SQS::Queue', Properties: {}, Condition: 'Full' } }
    const ids = (mode: string) =>
      resolveWith(conditional, sections, { Mode: mode }).map(({ logicalId }) => logicalId)
    expect(ids('x')).toContain('Only')
    expect(ids('')).not.toContain('Only')
    expect(() =>
      resolveWith({ ...conditional, Probe: lambdaWith({ a: { Ref: 'Only' } }) }, sections),
    ).toThrow(/refers to Only, whose condition Full does not hold/)
  })

  it('order resources after those they need, and a circle is an error', () => {
    const order = resolveWith({}).map(({ logicalId }) => logicalId)
    expect(order.indexOf('Items')).toBeLessThan(order.indexOf('Publish'))
    expect(order.indexOf('Publish')).toBeLessThan(order.indexOf('Mapping'))
    expect(() =>
      resolveWith({ Probe: lambdaWith({ a: { Ref: 'Other' } }), Other: lambdaWith({ a: { Ref: 'Probe' } }) }),
    ).toThrow(/Probe → Other → Probe/)
  })
})

describe('what one machine does not know', () => {
  const place = (error: RegExp, resources: FixtureTemplate['Resources'], sections = {}) => {
    expect(() => resolveWith(resources, sections)).toThrow(error)
  }

  it('is named with logical id, type and property', () => {
    place(/^Cluster \(AWS::ECS::Cluster\) is of a resource type that one machine does not know/, {
      Cluster: { Type: 'AWS::ECS::Cluster', Properties: {} },
    })
    place(/^Extra \(AWS::SQS::Queue\) FifoQueue is a property that one machine does not know/, {
      Extra: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
    })
    place(/^Extra \(AWS::Lambda::EventSourceMapping\) FilterCriteria\.Filters\.0\.Regex is a property/, {
      Extra: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: { FilterCriteria: { Filters: [{ Regex: 'x' }] } },
      },
    })
    place(
      /^Probe \(AWS::Lambda::Function\) Environment\.Variables\.a\.Fn::ImportValue is an intrinsic function/,
      {
        Probe: lambdaWith({ a: { 'Fn::ImportValue': 'x' } }),
      },
    )
    place(/asks for the attribute Url of GivenUp \(AWS::SQS::Queue\)/, {
      Probe: lambdaWith({ a: { 'Fn::GetAtt': ['GivenUp', 'Url'] } }),
    })
    place(/refers to Nowhere, which the template does not declare/, {
      Probe: lambdaWith({ a: { Ref: 'Nowhere' } }),
    })
    place(/^Extra \(AWS::SQS::Queue\) has the key UpdatePolicy/, {
      Extra: { Type: 'AWS::SQS::Queue', Properties: {}, UpdatePolicy: {} },
    })
    place(/has a section Transform/, {}, { Transform: 'AWS::Serverless-2016-10-31' })
  })

  it('is an unknown value where only some are implemented', () => {
    place(/^Extra \(AWS::Lambda::EventSourceMapping\) StartingPosition has the value "LATEST"/, {
      Extra: { Type: 'AWS::Lambda::EventSourceMapping', Properties: { StartingPosition: 'LATEST' } },
    })
  })

  it('is named in an output too', () => {
    place(
      /^Url \(Output\) Fn::Select is an intrinsic function/,
      {},
      { Outputs: { Url: { Value: { 'Fn::Select': [0, []] } } } },
    )
  })
})

describe('a directory without a synthesized stack', () => {
  it('is refused with what to do', () => {
    expect(() => readCloudAssembly('/nonexistent')).toThrow(/run npm run synth/)
  })
})
