// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Fn::Sub writes its placeholders like this.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** A CloudFormation template as it is written, for tests to change. */
export interface FixtureTemplate {
  readonly [section: string]: unknown
  readonly Resources: Record<
    string,
    { Type: string; Properties: Record<string, unknown>; [key: string]: unknown }
  >
}

const made: string[] = []
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true })
})

/** Makes an empty directory of its own for one test; it goes after the last of the file. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'drydock-local-'))
  made.push(directory)
  return directory
}

const client = (name: string) => JSON.stringify(import.meta.resolve(`@aws-sdk/client-${name}`))

/** The bundles: an item comes in by HTTP, passes the stream and the bus, and is kept as seen. */
const bundles: Readonly<Record<string, string>> = {
  accept: `import { DynamoDBClient, PutItemCommand } from ${client('dynamodb')}
    const dynamo = new DynamoDBClient({})
    export const handler = async (event) => {
      const { id, value } = JSON.parse(event.body)
      console.log({ accepted: id })
      await dynamo.send(new PutItemCommand({ TableName: process.env.ITEMS, Item: { id: { S: id }, value: { S: value } } }))
      return { statusCode: 201, body: JSON.stringify({ id, at: new Date().toISOString() }) }
    }`,
  publish: `import { EventBridgeClient, PutEventsCommand } from ${client('eventbridge')}
    const bridge = new EventBridgeClient({})
    export const handler = async ({ Records }) => {
      for (const { eventName, dynamodb } of Records) {
        const { id, value } = dynamodb.NewImage
        if (value.S === 'poison') throw new TypeError('This item cannot be published')
        await bridge.send(new PutEventsCommand({ Entries: [{
          EventBusName: process.env.BUS, Source: 'fixture', DetailType: eventName, Detail: JSON.stringify({ id: id.S, value: value.S }),
        }] }))
      }
      return { batchItemFailures: [] }
    }`,
  keep: `import { DynamoDBClient, PutItemCommand } from ${client('dynamodb')}
    const dynamo = new DynamoDBClient({})
    export const handler = async ({ detail }) => {
      await dynamo.send(new PutItemCommand({ TableName: process.env.SEEN, Item: { id: { S: detail.id }, value: { S: detail.value } } }))
    }`,
  list: `import { DynamoDBClient, ScanCommand } from ${client('dynamodb')}
    const dynamo = new DynamoDBClient({})
    export const handler = async () => {
      const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: process.env.SEEN, ConsistentRead: true }))
      return Items.map(({ id }) => id.S).sort()
    }`,
}

const logicalIds = { accept: 'Accept', publish: 'Publish', keep: 'Keep', list: 'List' } as const

/** The template of the fixture: HTTP route → function → table → stream → function → bus → function → table. */
export function fixtureTemplate(): FixtureTemplate {
  const lambda = (bundle: keyof typeof logicalIds) => ({
    Type: 'AWS::Lambda::Function',
    Properties: {
      Code: { S3Bucket: { 'Fn::Sub': 'assets-${AWS::AccountId}-${AWS::Region}' }, S3Key: `${bundle}.zip` },
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Timeout: 10,
      Environment: { Variables: { ITEMS: { Ref: 'Items' }, SEEN: { Ref: 'Seen' }, BUS: { Ref: 'Bus' } } },
    },
  })
  const table = (more: Record<string, unknown>) => ({
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      ...more,
    },
  })
  return {
    Description: 'A fixture',
    Resources: {
      Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } },
      Rights: {
        Type: 'AWS::IAM::Policy',
        Properties: {
          PolicyName: 'Rights',
          Roles: [{ Ref: 'Role' }],
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Action: ['dynamodb:PutItem', 'dynamodb:Scan'],
                Resource: [{ 'Fn::GetAtt': ['Items', 'Arn'] }, { 'Fn::GetAtt': ['Seen', 'Arn'] }],
              },
              { Effect: 'Allow', Action: 'events:PutEvents', Resource: { 'Fn::GetAtt': ['Bus', 'Arn'] } },
            ],
          },
        },
      },
      Items: table({ StreamSpecification: { StreamViewType: 'NEW_IMAGE' } }),
      Seen: table({ TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true } }),
      Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'news' } },
      GivenUp: { Type: 'AWS::SQS::Queue', Properties: {} },
      Accept: lambda('accept'),
      Publish: lambda('publish'),
      Keep: lambda('keep'),
      List: lambda('list'),
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          EventSourceArn: { 'Fn::GetAtt': ['Items', 'StreamArn'] },
          FunctionName: { Ref: 'Publish' },
          StartingPosition: 'TRIM_HORIZON',
          BatchSize: 10,
          ParallelizationFactor: 2,
          BisectBatchOnFunctionError: true,
          MaximumRetryAttempts: 1,
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['GivenUp', 'Arn'] } } },
        },
      },
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          EventBusName: { Ref: 'Bus' },
          EventPattern: { source: ['fixture'] },
          State: 'ENABLED',
          Targets: [{ Id: 'Target0', Arn: { 'Fn::GetAtt': ['Keep', 'Arn'] } }],
        },
      },
      Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'fixture', ProtocolType: 'HTTP' } },
      Stage: {
        Type: 'AWS::ApiGatewayV2::Stage',
        Properties: { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true },
      },
      Integration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          ApiId: { Ref: 'Api' },
          IntegrationType: 'AWS_PROXY',
          IntegrationUri: { 'Fn::GetAtt': ['Accept', 'Arn'] },
          PayloadFormatVersion: '2.0',
        },
      },
      Route: {
        Type: 'AWS::ApiGatewayV2::Route',
        Properties: {
          ApiId: { Ref: 'Api' },
          RouteKey: 'POST /items',
          AuthorizationType: 'NONE',
          Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
        },
      },
    },
  }
}

/** Writes a template as `cdk synth` would, with the bundles of the fixture; returns the directory. */
export function writeAssembly(template: FixtureTemplate = fixtureTemplate()): string {
  const directory = join(scratch(), 'cdk.out')
  mkdirSync(directory)
  for (const [name, code] of Object.entries(bundles)) {
    mkdirSync(join(directory, `asset.${name}`))
    writeFileSync(join(directory, `asset.${name}`, 'index.mjs'), code)
  }
  const stack = { type: 'aws:cloudformation:stack', properties: { templateFile: 'Fixture.template.json' } }
  writeFileSync(
    join(directory, 'manifest.json'),
    JSON.stringify({ version: '1', artifacts: { Fixture: stack } }),
  )
  writeFileSync(join(directory, 'Fixture.template.json'), JSON.stringify(template))
  return directory
}
