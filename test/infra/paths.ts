import { account, region } from '../../infra/local/template/types/type.ts'
import type { Resolved } from './resolved.ts'
import { forSource, type Step, stepsIn } from './steps.ts'

/** A way from one service to another. */
export interface Path {
  readonly from: string
  readonly to: string
  readonly steps: readonly Step[]
}

const arnOf = (service: string, rest: string) => `arn:aws:${service}:${region}:${account}:${rest}`

/** Walks every way by which one service calls another for this stack, and asks each policy on it. */
export function pathsOf(stack: ReadonlyMap<string, Resolved>): readonly Path[] {
  const { of, at, asRole, assumes, useOfKey, publishes, sends, invokes, roleOf, functionOf } = stepsIn(stack)

  const alarms = of('CloudWatch::Alarm').flatMap(({ id, attributes, properties }): Path[] => {
    const { AlarmActions = [], OKActions = [], InsufficientDataActions = [] } = properties
    return [...AlarmActions, ...OKActions, ...InsufficientDataActions].map((action: string) => ({
      ...{ from: id, to: at(action).id },
      steps: publishes(action, 'cloudwatch.amazonaws.com', attributes.Arn ?? ''),
    }))
  })

  const rules = of('Events::Rule').flatMap(({ id, attributes: { Arn: rule = '' }, properties }) =>
    properties.Targets.flatMap(
      ({ Arn, DeadLetterConfig }: { Arn: string; DeadLetterConfig: { Arn: string } }) => {
        const target = at(Arn)
        const service = 'events.amazonaws.com'
        const steps: Record<string, () => Step[]> = {
          'AWS::Lambda::Function': () => [invokes(Arn, service, rule)],
          'AWS::SQS::Queue': () => sends(Arn, { service }, rule),
          'AWS::SNS::Topic': () => publishes(Arn, service, rule),
        }
        const known = steps[target.type]
        if (!known)
          throw new Error(`The rule ${id} has a target of the type ${target.type}: walk it here too.`)
        const lost = DeadLetterConfig.Arn
        return [
          { from: id, to: target.id, steps: known() },
          { from: id, to: at(lost).id, steps: sends(lost, { service }, rule) },
        ]
      },
    ),
  )

  /** What the Scheduler does for a schedule of a group: as a role, it calls a function and keeps what was lost in a queue. */
  const scheduled = (
    from: string,
    group: string,
    roleArn: string,
    functionArn: string,
    lost: string,
  ): Path[] => {
    const trust = assumes(
      'scheduler.amazonaws.com',
      roleArn,
      forSource(arnOf('scheduler', `schedule-group/${group}`)),
    )
    const right = asRole(roleArn, 'lambda:InvokeFunction', functionArn)
    return [
      { from, to: at(functionArn).id, steps: [trust, right] },
      { from, to: at(lost).id, steps: [trust, ...sends(lost, { role: roleArn })] },
    ]
  }
  const schedules = of('Scheduler::Schedule').flatMap(
    ({ id, properties: { GroupName = 'default', Target } }) =>
      scheduled(id, GroupName, Target.RoleArn, Target.Arn, Target.DeadLetterConfig.Arn),
  )
  const oneShots = of('Lambda::Function').flatMap((lambda) => {
    const told = lambda.properties.Environment?.Variables ?? {}
    const { WINDOWS_GROUP: group, WINDOWS_ROLE_ARN: role, WINDOWS_FUNCTION_ARN: called } = told
    if (group === undefined) return []
    if (!of('Scheduler::ScheduleGroup').some(({ ref }) => ref === group))
      throw new Error(`No group is ${group}.`)
    const own = (action: string, resource: string, context = {}) =>
      asRole(roleOf(lambda), action, resource, context)
    const schedule = arnOf('scheduler', `schedule/${group}/window-p-1`)
    const makes = [
      own('scheduler:CreateSchedule', schedule),
      own('scheduler:DeleteSchedule', schedule),
      own('scheduler:ListSchedules', '*'),
      own('iam:PassRole', role, { 'iam:PassedToService': 'scheduler.amazonaws.com' }),
    ]
    return [
      { from: lambda.id, to: at(role).id, steps: makes },
      ...scheduled(`${lambda.id} schedules`, group, role, called, told.WINDOWS_DEAD_LETTERS_ARN),
    ]
  })

  const mappings = of('Lambda::EventSourceMapping').flatMap(({ id, properties }) => {
    const lambda = functionOf(properties.FunctionName)
    const stream: string = properties.EventSourceArn
    const table = of('DynamoDB::Table').find(({ attributes }) => attributes.StreamArn === stream)
    const right = (action: string, on = stream) => asRole(roleOf(lambda), `dynamodb:${action}`, on)
    const lost = properties.DestinationConfig.OnFailure.Destination
    return [
      {
        ...{ from: String(table?.id), to: lambda.id },
        steps: [
          ...['DescribeStream', 'GetRecords', 'GetShardIterator'].map((action) => right(action)),
          right('ListStreams', '*'),
          ...tableKey(table, roleOf(lambda), ['kms:Decrypt']),
        ],
      },
      { from: id, to: at(lost).id, steps: sends(lost, { role: roleOf(lambda) }) },
    ]
  })

  function tableKey(table: Resolved | undefined, role: string, actions: readonly string[]): Step[] {
    const via = { 'kms:ViaService': `dynamodb.${region}.amazonaws.com`, 'kms:CallerAccount': account }
    return useOfKey(table?.properties.SSESpecification?.KMSMasterKeyId, { role }, actions, via)
  }
  /** A function with a right on a table uses its key with it; whoever makes the table lets DynamoDB use it. */
  const tables = of('DynamoDB::Table').flatMap((table) =>
    of('Lambda::Function')
      .filter(({ properties }) => JSON.stringify(properties.Environment ?? {}).includes(`"${table.ref}"`))
      .map((lambda) => ({
        ...{ from: lambda.id, to: table.id },
        steps: tableKey(table, roleOf(lambda), [
          'kms:Decrypt',
          'kms:Encrypt',
          'kms:GenerateDataKey',
          'kms:CreateGrant',
          'kms:DescribeKey',
        ]),
      })),
  )

  const signing = { 'kms:SigningAlgorithm': 'ED25519_SHA_512', 'kms:MessageType': 'RAW' }
  /** Who answers agents signs what is assigned to them; who answers people reads the half of the key that verifies. */
  const assignments = of('Lambda::Function').flatMap((lambda): Path[] => {
    const { ASSIGNMENT_KEY_ARN: key } = lambda.properties.Environment?.Variables ?? {}
    if (key === undefined) return []
    const step = lambda.id.startsWith('Functionsagents')
      ? asRole(roleOf(lambda), 'kms:Sign', key, signing)
      : asRole(roleOf(lambda), 'kms:GetPublicKey', key, {})
    return [{ from: lambda.id, to: at(key).id, steps: [step] }]
  })

  /** Who signs heads uses a key by a right of its own, which the key leaves to the account, and writes new names into a bucket. */
  const heads = of('Lambda::Function').flatMap((lambda): Path[] => {
    const { HEADS_KEY_ARN: key, HEADS_BUCKET: name } = lambda.properties.Environment?.Variables ?? {}
    if (key === undefined) return []
    const bucket = of('S3::Bucket').find(({ ref }) => ref === name)
    const document = `${bucket?.attributes.Arn}/heads/1.json`
    const own = (action: string, on: string, context = {}) => asRole(roleOf(lambda), action, on, context)
    return [
      { from: lambda.id, to: at(key).id, steps: [own('kms:Sign', key, signing)] },
      {
        ...{ from: lambda.id, to: String(bucket?.id) },
        steps: [
          own('s3:ListBucket', String(bucket?.attributes.Arn), { 's3:prefix': 'heads/' }),
          own('s3:GetObject', document),
          own('s3:PutObject', document, { 's3:if-none-match': '*' }),
        ],
      },
    ]
  })

  /** Who looks at dead letters is told the URLs of queues, and asks each how many it holds. */
  const letters = of('Lambda::Function').flatMap((lambda): Path[] => {
    const { DEAD_LETTER_QUEUES: urls } = lambda.properties.Environment?.Variables ?? {}
    if (urls === undefined) return []
    return urls.split(',').map((url: string) => {
      const queue = of('SQS::Queue').find(({ ref }) => ref === url)
      const step = asRole(roleOf(lambda), 'sqs:GetQueueAttributes', String(queue?.attributes.Arn))
      return { from: lambda.id, to: String(queue?.id), steps: [step] }
    })
  })

  const failures = of('Lambda::EventInvokeConfig').map(({ id, properties }) => {
    const lost = properties.DestinationConfig.OnFailure.Destination
    return {
      from: id,
      to: at(lost).id,
      steps: sends(lost, { role: roleOf(functionOf(properties.FunctionName)) }),
    }
  })

  const routes = of('ApiGatewayV2::Route').flatMap(({ id, properties }) => {
    const { ApiId, RouteKey, Target } = properties
    const [method = '', path = ''] = RouteKey.split(' ')
    const [stage] = of('ApiGatewayV2::Stage').map(({ properties: { StageName } }) => StageName)
    const integration = stack.get(Target.replace('integrations/', ''))
    const uri: string = integration?.properties.IntegrationUri
    const source = arnOf('execute-api', `${ApiId}/${stage}/${method}${path}`)
    return [{ from: id, to: at(uri).id, steps: [invokes(uri, 'apigateway.amazonaws.com', source)] }]
  })
  const authorizers = of('ApiGatewayV2::Authorizer').flatMap(({ id, ref, properties }) => {
    if (properties.AuthorizerType !== 'REQUEST') return []
    const uri = /functions\/(.*)\/invocations$/.exec(properties.AuthorizerUri)?.[1] ?? ''
    const source = arnOf('execute-api', `${properties.ApiId}/authorizers/${ref}`)
    return [{ from: id, to: at(uri).id, steps: [invokes(uri, 'apigateway.amazonaws.com', source)] }]
  })

  const delivery = [
    ...['CreateLogDelivery', 'GetLogDelivery', 'UpdateLogDelivery', 'DeleteLogDelivery', 'ListLogDeliveries'],
    ...['PutResourcePolicy', 'DescribeResourcePolicies', 'DescribeLogGroups'],
  ]
  /** The state machines of procedures are in no template: functions make them, and let them act as a role. */
  const procedures = of('Lambda::Function').flatMap((lambda) => {
    const told = lambda.properties.Environment?.Variables ?? {}
    const { PROCEDURE_MACHINES: prefix, PROCEDURE_ROLE_ARN: role, STEP_FUNCTION_ARN: task } = told
    if (prefix === undefined) return []
    const machine = `${prefix}node-r1`
    const own = (action: string, resource: string, context = {}) =>
      asRole(roleOf(lambda), action, resource, context)
    const makes = [
      ...['CreateStateMachine', 'DeleteStateMachine', 'TagResource'].map((action) =>
        own(`states:${action}`, machine),
      ),
      own('iam:PassRole', role, { 'iam:PassedToService': 'states.amazonaws.com' }),
    ]
    const trust = assumes('states.amazonaws.com', role, forSource(machine))
    return [
      { from: lambda.id, to: at(role).id, steps: makes },
      {
        from: `${lambda.id} procedures`,
        to: at(task).id,
        steps: [trust, asRole(role, 'lambda:InvokeFunction', task)],
      },
      {
        ...{ from: `${lambda.id} procedures`, to: at(told.PROCEDURE_LOGS_ARN).id },
        steps: delivery.map((action) => asRole(role, `logs:${action}`, '*')),
      },
    ]
  })

  const machines = of('StepFunctions::StateMachine').flatMap(({ id, ref, properties }) => {
    const { RoleArn, DefinitionSubstitutions, LoggingConfiguration } = properties
    const trust = assumes('states.amazonaws.com', RoleArn, forSource(ref))
    const calls = Object.values<string>(DefinitionSubstitutions).map((functionArn) => ({
      ...{ from: id, to: at(functionArn).id },
      steps: [trust, asRole(RoleArn, 'lambda:InvokeFunction', functionArn)],
    }))
    const logs: Path[] = LoggingConfiguration.Destinations.map(
      (one: { CloudWatchLogsLogGroup: { LogGroupArn: string } }) => ({
        ...{ from: id, to: at(one.CloudWatchLogsLogGroup.LogGroupArn).id },
        steps: delivery.map((action) => asRole(RoleArn, `logs:${action}`, '*')),
      }),
    )
    return [...calls, ...logs]
  })

  const functions = of('Lambda::Function').map((lambda) => {
    const group = of('Logs::LogGroup').find(({ ref }) => ref === lambda.properties.LoggingConfig.LogGroup)
    const written = (group?.attributes.Arn ?? '').replace(/\*$/, 'log-stream:any')
    const logs = ['logs:CreateLogStream', 'logs:PutLogEvents']
    return {
      ...{ from: lambda.id, to: String(group?.id) },
      steps: [
        assumes('lambda.amazonaws.com', roleOf(lambda)),
        ...logs.map((action) => asRole(roleOf(lambda), action, written)),
      ],
    }
  })

  return [
    ...[
      ...alarms,
      ...rules,
      ...schedules,
      ...oneShots,
      ...mappings,
      ...tables,
      ...heads,
      ...assignments,
      ...letters,
      ...failures,
    ],
    ...[...routes, ...authorizers, ...procedures, ...machines, ...functions],
  ]
}
