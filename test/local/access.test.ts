import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler'
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn'
import { afterEach, describe, expect, it } from 'vitest'
import { openAccess } from '../../infra/local/access/access.ts'
import {
  type Right,
  rightsOnBuses,
  rightsOnCommands,
  rightsOnKeys,
  rightsOnMachines,
  rightsOnObjects,
  rightsOnSchedules,
  rightsOnTables,
} from '../../infra/local/access/asked.ts'
import { judge, type Statement } from '../../infra/local/access/policies.ts'
import { type Runtime, startRuntime } from '../../infra/local/runtime.ts'
import { readCloudAssembly } from '../../infra/local/template/cloud-assembly.ts'
import { resolveStack } from '../../infra/local/template/stack.ts'
import { type FixtureTemplate, fixtureTemplate, scratch, writeAssembly } from './fixture.ts'

let runtime: Runtime | undefined
afterEach(async () => {
  await runtime?.stop()
  runtime = undefined
})

async function start(template: FixtureTemplate = fixtureTemplate(), data = scratch()) {
  const said: string[] = []
  runtime = await startRuntime({ template: writeAssembly(template), data, log: (line) => said.push(line) })
  return { ...runtime, said, data }
}

/** The fixture, whose one role has other statements. */
function withRights(change: (statements: Statement[]) => Statement[]): FixtureTemplate {
  const template = fixtureTemplate()
  const document = template.Resources.Rights?.Properties.PolicyDocument as { Statement: Statement[] } // of fixture.ts
  document.Statement = change(document.Statement)
  return template
}

const post = (url: string) =>
  fetch(`${url}/items`, { method: 'POST', body: JSON.stringify({ id: 'one', value: 'fine' }) })

describe('S11: what a function may do on one machine', () => {
  it('is what its role in the template says', async () => {
    const { url, invoke } = await start()
    expect((await post(url)).status).toBe(201)
    expect(await invoke('List', {})).toBeInstanceOf(Array)
  })

  it.each([
    ['without the action', (all: Statement[]) => all.slice(1), 'dynamodb:Scan'],
    [
      'on another table only',
      (all: Statement[]) => [
        { ...all[0], Resource: 'arn:aws:dynamodb:eu-central-1:000000000000:table/Other' } as Statement,
      ],
      'dynamodb:Scan',
    ],
    [
      'with a Deny beside it',
      (all: Statement[]) => [...all, { Effect: 'Deny', Action: 'dynamodb:Sc*', Resource: '*' } as Statement],
      'dynamodb:Scan',
    ],
  ])('is refused %s, as AWS refuses it, and the runtime says so', async (_, change, action) => {
    const { invoke, said } = await start(withRights(change))
    await expect(invoke('List', {})).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(
        new RegExp(
          `assumed-role/Fixture-Role/Fixture-List is not authorized to perform: ${action} on resource: arn:aws:dynamodb:.*:table/Fixture-Seen`,
        ),
      ),
    })
    expect(said.join()).toContain(`not authorized to perform: ${action}`)
  })

  it('is refused by the table itself, whatever the role may', async () => {
    const template = withRights((all) => [...all, { Effect: 'Allow', Action: 'dynamodb:*', Resource: '*' }])
    const denied = { Effect: 'Deny', Principal: '*', Action: 'dynamodb:Scan', Resource: '*' }
    const seen = template.Resources.Seen?.Properties ?? {}
    seen.ResourcePolicy = { PolicyDocument: { Version: '2012-10-17', Statement: [denied] } }
    const { invoke, said, url } = await start(template)
    await expect(invoke('List', {})).rejects.toMatchObject({ name: 'AccessDeniedException' })
    expect(said.join()).toMatch(
      /dynamodb:Scan on resource: \S+Fixture-Seen with an explicit deny in a policy of the template/,
    )
    expect((await post(url)).status).toBe(201)
  })

  it('holds for the bus as well', async () => {
    const { url, messages } = await start(withRights((all) => all.slice(0, 1)))
    expect((await post(url)).status).toBe(201)
    await expect.poll(() => messages('GivenUp').length, { timeout: 30_000 }).toBe(1)
  })

  it('does not start with a policy that it could not judge', async () => {
    const odd = { Effect: 'Allow', Action: 'dynamodb:Scan', Resource: '*' } as const
    const condition = { Condition: { DateGreaterThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' } } }
    await expect(start(withRights((all) => [...all, { ...odd, ...condition }]))).rejects.toThrow(
      'Rights (AWS::IAM::Policy): A condition asks DateGreaterThan, which this does not know.',
    )
    const not = { Effect: 'Allow', NotAction: 'dynamodb:Scan', Resource: '*' } as unknown as Statement
    await expect(start(withRights((all) => [...all, not]))).rejects.toThrow('A statement has NotAction')
  })
})

describe('who is nobody', () => {
  const calls: readonly (readonly [string, (url: (name: string) => object) => Promise<unknown>])[] = [
    [
      'DynamoDB',
      (to) =>
        new DynamoDBClient(to('DYNAMODB')).send(
          new GetItemCommand({ TableName: 'Fixture-Seen', Key: { id: { S: 'x' } } }),
        ),
    ],
    [
      'EventBridge',
      (to) =>
        new EventBridgeClient(to('EVENTBRIDGE')).send(
          new PutEventsCommand({ Entries: [{ Source: 'a', DetailType: 'b', Detail: '{}' }] }),
        ),
    ],
    ['Step Functions', (to) => new SFNClient(to('SFN')).send(new ListStateMachinesCommand({}))],
    ['the Scheduler', (to) => new SchedulerClient(to('SCHEDULER')).send(new ListSchedulesCommand({}))],
  ]

  it.each(calls)('is refused by %s, and the administrator is not', async (_, call) => {
    const { endpoints, administrator, data } = await start()
    const as = (credentials: object) => (name: string) => ({
      endpoint: endpoints[`AWS_ENDPOINT_URL_${name}`],
      region: 'eu-central-1',
      maxAttempts: 1,
      credentials,
    })
    const guessed = { accessKeyId: 'local', secretAccessKey: 'local' }
    await expect(call(as(guessed))).rejects.toMatchObject({ name: 'UnrecognizedClientException' })
    await expect(call(as(administrator))).resolves.toBeDefined()
    const file = join(data, 'aws-credentials')
    expect(readFileSync(file, 'utf8')).toContain(administrator.accessKeyId)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('is refused by the buckets', async () => {
    const { endpoints } = await start()
    const answer = await fetch(`${endpoints.AWS_ENDPOINT_URL_S3}/bucket/heads/1.json`)
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('InvalidAccessKeyId')])
  })
})

describe('the door of DynamoDB', () => {
  it('hands large requests and answers on as they came, many at once', async () => {
    const { endpoints, administrator } = await start()
    const client = new DynamoDBClient({
      ...{ endpoint: endpoints.AWS_ENDPOINT_URL_DYNAMODB ?? '', region: 'eu-central-1' },
      credentials: administrator,
    })
    const { PutItemCommand } = await import('@aws-sdk/client-dynamodb')
    const value = 'ä'.repeat(150_000)
    await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        client.send(
          new PutItemCommand({
            TableName: 'Fixture-Seen',
            Item: { id: { S: `${number}` }, value: { S: value } },
          }),
        ),
      ),
    )
    const { Item } = await client.send(
      new GetItemCommand({ TableName: 'Fixture-Seen', Key: { id: { S: '7' } } }),
    )
    expect(Item?.value?.S).toBe(value)
    client.destroy()
  })

  it('ends a connection that speaks something else', async () => {
    const { endpoints } = await start()
    const url = endpoints.AWS_ENDPOINT_URL_DYNAMODB ?? ''
    const body = new Blob(['x']).stream()
    const answer = await fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit)
    expect(answer.status).toBe(400)
  })
})

const tables = new Map([['Work', { name: 'Work', partitionKey: 'item' }]])
const inRegion = (service: string, resource: string) =>
  `arn:aws:${service}:eu-central-1:000000000000:${resource}`
const work = inRegion('dynamodb', 'table/Work')
const keyed = (...keys: string[]) => ({ context: { 'dynamodb:LeadingKeys': keys } })

describe('the rights that a call needs', () => {
  const Key = { item: { S: 'seen#a' } }
  it.each<[string, readonly Right[], readonly Right[]]>([
    [
      'GetItem',
      rightsOnTables('GetItem', { TableName: 'Work', Key }, tables),
      [{ action: 'dynamodb:GetItem', resource: work, ...keyed('seen#a') }],
    ],
    [
      'PutItem',
      rightsOnTables('PutItem', { TableName: 'Work', Item: Key }, tables),
      [{ action: 'dynamodb:PutItem', resource: work, ...keyed('seen#a') }],
    ],
    [
      'Query of an index',
      rightsOnTables(
        'Query',
        {
          TableName: 'Work',
          IndexName: 'By',
          KeyConditionExpression: '#i = :i AND x > :x',
          ExpressionAttributeNames: { '#i': 'item' },
          ExpressionAttributeValues: { ':i': { S: 'k' } },
        },
        tables,
      ),
      [{ action: 'dynamodb:Query', resource: `${work}/index/By`, ...keyed('k') }],
    ],
    [
      'BatchGetItem',
      rightsOnTables(
        'BatchGetItem',
        { RequestItems: { Work: { Keys: [Key, { item: { S: 'token#b' } }] } } },
        tables,
      ),
      [{ action: 'dynamodb:BatchGetItem', resource: work, ...keyed('seen#a', 'token#b') }],
    ],
    [
      'BatchWriteItem',
      rightsOnTables(
        'BatchWriteItem',
        { RequestItems: { Work: [{ PutRequest: { Item: Key } }, { DeleteRequest: { Key } }] } },
        tables,
      ),
      [{ action: 'dynamodb:BatchWriteItem', resource: work, ...keyed('seen#a', 'seen#a') }],
    ],
    [
      'a statement',
      rightsOnTables('ExecuteStatement', { Statement: 'INSERT INTO "Work" VALUE {}' }, tables),
      [{ action: 'dynamodb:PartiQLInsert', resource: work, ...keyed('(a statement)') }],
    ],
    [
      'statements',
      rightsOnTables(
        'BatchExecuteStatement',
        { Statements: [{ Statement: 'UPDATE "Work" SET a=1' }, { Statement: 'SELECT * FROM "Work"."By"' }] },
        tables,
      ),
      [
        { action: 'dynamodb:PartiQLUpdate', resource: work, ...keyed('(a statement)') },
        { action: 'dynamodb:PartiQLSelect', resource: `${work}/index/By`, ...keyed('(a statement)') },
      ],
    ],
    [
      'DeleteTable',
      rightsOnTables('DeleteTable', { TableName: 'Work' }, tables),
      [{ action: 'dynamodb:DeleteTable', resource: work }],
    ],
    [
      'SendTaskSuccess',
      rightsOnMachines('SendTaskSuccess', { taskToken: 't' }, () => 'machine'),
      [{ action: 'states:SendTaskSuccess', resource: 'machine' }],
    ],
    [
      'DescribeExecution',
      rightsOnMachines('DescribeExecution', { executionArn: 'e' }, () => undefined),
      [{ action: 'states:DescribeExecution', resource: 'e' }],
    ],
    [
      'PutEvents',
      rightsOnBuses('PutEvents', { Entries: [{ EventBusName: 'news' }, {}] }),
      [
        { action: 'events:PutEvents', resource: inRegion('events', 'event-bus/news') },
        { action: 'events:PutEvents', resource: inRegion('events', 'event-bus/default') },
      ],
    ],
    [
      'Sign',
      rightsOnKeys('Sign', { KeyId: 'k', MessageType: 'RAW' }),
      [{ action: 'kms:Sign', resource: inRegion('kms', 'key/k'), context: { 'kms:MessageType': 'RAW' } }],
    ],
    [
      'SendCommand of a document of AWS, to an instance and another node',
      rightsOnCommands('SendCommand', { DocumentName: 'AWS-RunShellScript', InstanceIds: ['i-1', 'mi-1'] }),
      [
        { action: 'ssm:SendCommand', resource: 'arn:aws:ssm:eu-central-1::document/AWS-RunShellScript' },
        { action: 'ssm:SendCommand', resource: inRegion('ec2', 'instance/i-1') },
        { action: 'ssm:SendCommand', resource: inRegion('ssm', 'managed-instance/mi-1') },
      ],
    ],
    [
      'SendCommand of a document of the account',
      rightsOnCommands('SendCommand', { DocumentName: 'replace', InstanceIds: [] }),
      [{ action: 'ssm:SendCommand', resource: inRegion('ssm', 'document/replace') }],
    ],
    [
      'ListCommands',
      rightsOnCommands('ListCommands', { InstanceId: 'i-1' }),
      [{ action: 'ssm:ListCommands', resource: '*' }],
    ],
    [
      'a list of objects',
      rightsOnObjects('GET', '/b/', { 'list-type': '2', prefix: 'heads/' }, {}),
      [{ action: 's3:ListBucket', resource: 'arn:aws:s3:::b', context: { 's3:prefix': 'heads/' } }],
    ],
    [
      'a new object',
      rightsOnObjects('PUT', '/b/heads/1.json', {}, { 'if-none-match': '*' }),
      [
        {
          action: 's3:PutObject',
          resource: 'arn:aws:s3:::b/heads/1.json',
          context: { 's3:if-none-match': '*' },
        },
      ],
    ],
    [
      'a new schedule',
      rightsOnSchedules(
        'POST',
        '/schedules/window-1',
        {},
        { GroupName: 'drydock', Target: { RoleArn: 'role' } },
      ),
      [
        { action: 'scheduler:CreateSchedule', resource: inRegion('scheduler', 'schedule/drydock/window-1') },
        {
          action: 'iam:PassRole',
          resource: 'role',
          context: { 'iam:PassedToService': 'scheduler.amazonaws.com' },
        },
      ],
    ],
    [
      'the end of a schedule',
      rightsOnSchedules('DELETE', '/schedules/window-1', { groupName: 'drydock' }, {}),
      [{ action: 'scheduler:DeleteSchedule', resource: inRegion('scheduler', 'schedule/drydock/window-1') }],
    ],
    [
      'all schedules',
      rightsOnSchedules('GET', '/schedules', {}, {}),
      [{ action: 'scheduler:ListSchedules', resource: '*' }],
    ],
  ])('%s', (_, found, expected) => {
    expect(found).toEqual(expected)
  })
})

describe('a condition', () => {
  const allow = (Condition: Statement['Condition']): Statement[] => [
    { Effect: 'Allow', Action: '*', Resource: '*', ...(Condition && { Condition }) },
  ]
  it.each([
    [
      'all keys are among those allowed',
      { 'ForAllValues:StringLike': { k: 'seen#*' } },
      ['seen#a', 'seen#b'],
      'allowed',
    ],
    [
      'one key is not',
      { 'ForAllValues:StringLike': { k: 'seen#*' } },
      ['seen#a', 'token#b'],
      'nobody allows it',
    ],
    ['the value is the one', { StringEquals: { k: ['a', 'b'] } }, 'b', 'allowed'],
    ['the value is another', { StringEquals: { k: ['a', 'b'] } }, 'c', 'nobody allows it'],
    ['there is no value', { StringEquals: { k: 'a' } }, undefined, 'nobody allows it'],
    ['it is there', { Null: { k: 'false' } }, 'x', 'allowed'],
    ['it is not there', { Null: { k: 'false' } }, undefined, 'nobody allows it'],
    ['a question mark stands for one', { StringLike: { k: 'a?c' } }, 'abc', 'allowed'],
    ['and not for none', { StringLike: { k: 'a?c' } }, 'ac', 'nobody allows it'],
  ] as const)('%s', (_, condition, value, verdict) => {
    const context = value === undefined ? {} : { k: value }
    expect(judge(allow(condition), { principal: { role: 'r' }, action: 'a:b', resource: 'x', context })).toBe(
      verdict,
    )
  })
})

it('gives each function a key of its own, and another at each start', () => {
  const resources = resolveStack(readCloudAssembly(writeAssembly()), {})
  const keys = [openAccess(resources, () => {}), openAccess(resources, () => {})].flatMap((access) =>
    ['Accept', 'List'].map(
      (name) => access.credentialsOf(inRegion('lambda', `function:Fixture-${name}`)).accessKeyId,
    ),
  )
  expect(new Set(keys).size).toBe(4)
})
