import { identityOf } from '../mail.ts'
import { queueArn } from '../queues/queue.ts'
import { secretArn, secretName } from '../secrets.ts'
import { isRecord } from '../template/shapes.ts'
import { arn } from '../template/types/type.ts'
import type { Context } from './policies.ts'

/** A right that a call needs. */
export interface Right {
  readonly action: string
  readonly resource: string
  readonly context?: Context
}

/** A table as far as rights on it are concerned. */
export interface TableKey {
  readonly name: string
  readonly partitionKey: string
}

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields => (isRecord(value) ? value : {})
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function tableArn(name: unknown, index?: unknown): string {
  const table = String(name)
  const own = table.startsWith('arn:') ? table : arn('dynamodb', `table/${table}`)
  return index === undefined ? own : `${own}/index/${String(index)}`
}

/** The value of a partition key as conditions compare it. */
function keyText(value: unknown): string {
  const [text = ''] = Object.values(fieldsOf(value))
  return String(text)
}

/**
 * Returns the rights that a call of DynamoDB or of its streams needs. Source: the Service Authorization Reference, "Actions, resources,
 * and condition keys for Amazon DynamoDB".
 */
export function rightsOnTables(
  operation: string,
  input: unknown,
  tables: ReadonlyMap<string, TableKey>,
): readonly Right[] {
  const body = fieldsOf(input)
  const leading = (table: unknown, keys: readonly unknown[]): Context | undefined => {
    const name = tables.get(String(table))?.partitionKey
    if (name === undefined) return undefined
    return { 'dynamodb:LeadingKeys': keys.map((key) => keyText(fieldsOf(key)[name])) }
  }
  const right = (action: string, table: unknown, keys?: readonly unknown[], index?: unknown): Right => {
    const context = keys && leading(table, keys)
    return { action: `dynamodb:${action}`, resource: tableArn(table, index), ...(context && { context }) }
  }
  switch (operation) {
    case 'GetItem':
    case 'UpdateItem':
    case 'DeleteItem':
      return [right(operation, body.TableName, [body.Key])]
    case 'PutItem':
      return [right(operation, body.TableName, [body.Item])]
    case 'Query':
      return [queried(body, right)]
    case 'Scan':
      return [right(operation, body.TableName, undefined, body.IndexName)]
    case 'BatchGetItem':
      return Object.entries(fieldsOf(body.RequestItems)).map(([table, wanted]) =>
        right(operation, table, listOf(fieldsOf(wanted).Keys)),
      )
    case 'BatchWriteItem':
      return Object.entries(fieldsOf(body.RequestItems)).map(([table, writes]) =>
        right(operation, table, listOf(writes).map(writtenKey)),
      )
    case 'ExecuteStatement':
      return [stated(String(body.Statement), right)]
    case 'BatchExecuteStatement':
      return listOf(body.Statements).map((one) => stated(String(fieldsOf(one).Statement), right))
    case 'ListTables':
    case 'DescribeLimits':
      return [{ action: `dynamodb:${operation}`, resource: '*' }]
    default:
      if (body.TableName !== undefined) return [right(operation, body.TableName)]
      return [{ action: `dynamodb:${operation}`, resource: String(body.StreamArn ?? '*') }]
  }
}

type Make = (action: string, table: unknown, keys?: readonly unknown[], index?: unknown) => Right

/** A query asks for one partition key, by the name or the placeholder of its attribute, and a placeholder of its value. */
function queried(body: Fields, right: Make): Right {
  const names = fieldsOf(body.ExpressionAttributeNames)
  const values = fieldsOf(body.ExpressionAttributeValues)
  const equalities = [...String(body.KeyConditionExpression).matchAll(/([#\w]+)\s*=\s*(:\w+)/g)].map(
    ([, name = '', value = '']) => [String(names[name] ?? name), values[value]],
  )
  return right('Query', body.TableName, [Object.fromEntries(equalities)], body.IndexName)
}

function writtenKey(write: unknown): unknown {
  const { PutRequest, DeleteRequest } = fieldsOf(write)
  return fieldsOf(PutRequest).Item ?? fieldsOf(DeleteRequest).Key
}

/** PartiQL has rights of its own; conditions on its keys are not looked at, so that a right with such a condition is none. */
function stated(statement: string, right: Make): Right {
  const forms = [
    [/^\s*INSERT\s+INTO\s+"?([\w.-]+)"?/i, 'PartiQLInsert'],
    [/^\s*UPDATE\s+"?([\w.-]+)"?/i, 'PartiQLUpdate'],
    [/^\s*DELETE\s+FROM\s+"?([\w.-]+)"?/i, 'PartiQLDelete'],
    [/^\s*(?:EXISTS\s*\(\s*)?SELECT\b.*?\bFROM\s+"?([\w-]+)"?(?:\."?([\w-]+)"?)?/is, 'PartiQLSelect'],
  ] as const
  for (const [form, action] of forms) {
    const [found, table, index] = form.exec(statement) ?? []
    if (found === undefined) continue
    const { context: _, ...plain } = right(action, table, undefined, index)
    return { ...plain, context: { 'dynamodb:LeadingKeys': ['(a statement)'] } }
  }
  return right('PartiQLUnknown', '*')
}

/**
 * Returns the rights that a call of Step Functions needs. A token stands for the machine that waits for it. Who makes a machine lets it act as a role,
 * and names what it is tagged with, which are rights of their own.
 */
export function rightsOnMachines(
  operation: string,
  input: unknown,
  machineOfToken: (token: string) => string | undefined,
): readonly Right[] {
  const { stateMachineArn, executionArn, taskToken, name, roleArn, tags } = fieldsOf(input)
  if (operation === 'CreateStateMachine') {
    const resource = arn('states', `stateMachine:${String(name)}`)
    return [
      { action: 'states:CreateStateMachine', resource },
      ...(listOf(tags).length > 0 ? [{ action: 'states:TagResource', resource }] : []),
      passed(String(roleArn), 'states.amazonaws.com'),
    ]
  }
  const ofToken = taskToken === undefined ? undefined : machineOfToken(String(taskToken))
  return [
    {
      action: `states:${operation}`,
      resource: String(executionArn ?? stateMachineArn ?? ofToken ?? '*'),
    },
  ]
}

/** The right to let a service act as a role. */
function passed(role: string, service: string): Right {
  return { action: 'iam:PassRole', resource: role, context: { 'iam:PassedToService': service } }
}

/** Returns the rights that a call of EventBridge needs: on every bus that it names. */
export function rightsOnBuses(operation: string, input: unknown): readonly Right[] {
  const buses = listOf(fieldsOf(input).Entries).map((entry) => {
    const name = String(fieldsOf(entry).EventBusName ?? 'default')
    return name.startsWith('arn:') ? name : arn('events', `event-bus/${name}`)
  })
  return [...new Set(buses.length > 0 ? buses : ['*'])].map((resource) => ({
    action: `events:${operation}`,
    resource,
  }))
}

/** Returns the rights that a call of KMS needs. */
export function rightsOnKeys(operation: string, input: unknown): readonly Right[] {
  const { KeyId, SigningAlgorithm, MessageType } = fieldsOf(input)
  const id = String(KeyId)
  return [
    {
      action: `kms:${operation}`,
      resource: id.startsWith('arn:') ? id : arn('kms', `key/${id}`),
      context: {
        ...(SigningAlgorithm !== undefined && { 'kms:SigningAlgorithm': String(SigningAlgorithm) }),
        ...(MessageType !== undefined && { 'kms:MessageType': String(MessageType) }),
      },
    },
  ]
}

/** Returns the rights that a call of Secrets Manager needs: on the whole ARN, whatever it was named by. */
export function rightsOnSecrets(operation: string, input: unknown): readonly Right[] {
  const { SecretId, Name } = fieldsOf(input)
  const id = SecretId ?? Name
  return [
    {
      action: `secretsmanager:${operation}`,
      resource: id === undefined ? '*' : secretArn(secretName(String(id))),
    },
  ]
}

/**
 * Returns the rights that a call of Systems Manager needs: to send a command, one on its document and one on each of its nodes. Documents of AWS are
 * of no account. Source: the Service Authorization Reference, "Actions, resources, and condition keys for AWS Systems Manager".
 */
export function rightsOnCommands(operation: string, input: unknown): readonly Right[] {
  const action = `ssm:${operation}`
  if (operation !== 'SendCommand') return [{ action, resource: '*' }]
  const { DocumentName, InstanceIds } = fieldsOf(input)
  const name = String(DocumentName)
  const own = arn('ssm', `document/${name}`)
  const document = /^(AWS|Amazon)[A-Z]*-/.test(name)
    ? `arn:aws:ssm:${own.split(':')[3]}::document/${name}`
    : own
  const nodes = listOf(InstanceIds).map(String)
  return [
    { action, resource: name.startsWith('arn:') ? name : document },
    ...nodes.map((node) => ({
      action,
      resource: node.startsWith('mi-')
        ? arn('ssm', `managed-instance/${node}`)
        : arn('ec2', `instance/${node}`),
    })),
  ]
}

/** Returns the rights that a call of SQS needs: on the queue that its URL names. */
export function rightsOnQueues(operation: string, input: unknown): readonly Right[] {
  return [{ action: `sqs:${operation}`, resource: queueArn(fieldsOf(input).QueueUrl) ?? '*' }]
}

/** Returns the rights that reading metrics needs: CloudWatch knows no resource. */
export function rightsOnMetrics(operation: string): readonly Right[] {
  return [{ action: `cloudwatch:${operation}`, resource: '*' }]
}

/** Returns the rights that sending an e-mail needs: on the identity that it is sent from. */
export function rightsOnMail(input: unknown): readonly Right[] {
  return [{ action: 'ses:SendEmail', resource: identityOf(fieldsOf(input).FromEmailAddress) }]
}

/** Returns the rights that a request to S3 needs, by its path `/<bucket>/<key>`. */
export function rightsOnObjects(
  method: string,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): readonly Right[] {
  const [, bucket = '', key = ''] = /^\/([^/]+)\/?(.*)$/.exec(path) ?? []
  if (key === '') {
    const context = query.prefix === undefined ? {} : { 's3:prefix': query.prefix }
    return [{ action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}`, context }]
  }
  const action = { GET: 's3:GetObject', HEAD: 's3:GetObject', PUT: 's3:PutObject' }[method] ?? `s3:${method}`
  const ifNoneMatch = headers['if-none-match']
  const context = ifNoneMatch === undefined ? {} : { 's3:if-none-match': ifNoneMatch }
  return [{ action, resource: `arn:aws:s3:::${bucket}/${key}`, context }]
}

/**
 * Returns the rights that a request to the Scheduler needs. Who makes a schedule passes on the role that it acts as, which is a right of its
 * own.
 */
export function rightsOnSchedules(
  method: string,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  input: unknown,
): readonly Right[] {
  const [, kind = '', name] = /^\/(schedules|schedule-groups)(?:\/([^/]+))?/.exec(path) ?? []
  const verb = { GET: 'Get', POST: 'Create', PUT: 'Update', DELETE: 'Delete' }[method] ?? method
  if (name === undefined)
    return [
      { action: `scheduler:List${kind === 'schedules' ? 'Schedules' : 'ScheduleGroups'}`, resource: '*' },
    ]
  if (kind === 'schedule-groups')
    return [
      { action: `scheduler:${verb}ScheduleGroup`, resource: arn('scheduler', `schedule-group/${name}`) },
    ]
  const body = fieldsOf(input)
  const group = String(body.GroupName ?? query.groupName ?? 'default')
  const schedule = decodeURIComponent(name)
  const role = fieldsOf(body.Target).RoleArn
  return [
    { action: `scheduler:${verb}Schedule`, resource: arn('scheduler', `schedule/${group}/${schedule}`) },
    ...(role === undefined ? [] : [passed(String(role), 'scheduler.amazonaws.com')]),
  ]
}
