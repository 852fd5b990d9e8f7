import { Stack } from 'aws-cdk-lib'
import { Queue } from 'aws-cdk-lib/aws-sqs'
import { beforeAll, describe, expect, test } from 'vitest'
import { publicDetails } from '../../events/public.ts'
import { viewsCatchUp } from '../../functions/patience.ts'
import { assembled, functionName, ofType, referred, synthesized, type Template } from './synthesized.ts'

let template: Template
beforeAll(() => {
  template = synthesized()
})

const propertiesOf = (type: string) => ofType(template, type).map(([, { Properties }]) => Properties)

// Each synthesizes.
describe('cdk-nag (AwsSolutions)', { timeout: 180_000 }, () => {
  test('a queue that takes plain HTTP stops the synthesis', () => {
    const careless = () =>
      synthesized((app) => {
        const stack = app.node.findChild('Drydock')
        if (stack instanceof Stack) new Queue(stack, 'Careless')
      })
    expect(careless).toThrow(/AwsSolutions-SQS4/)
  })

  test('the app has no finding that is not acknowledged with a reason', () => {
    expect(() => synthesized(() => {})).not.toThrow()
  })
})

test('there is room for more before a template is full: CloudFormation takes 500 resources', () => {
  expect(Object.keys(template.Resources).length).toBeLessThanOrEqual(490)
})

describe('what is stored', () => {
  const table = (key: string) => {
    const found = ofType(template, 'AWS::DynamoDB::Table').find(([, { Properties }]) =>
      JSON.stringify(Properties.KeySchema).includes(`{"AttributeName":"${key}","KeyType":"HASH"}`),
    )
    if (found === undefined) throw new Error(`No table is keyed by ${key}.`)
    return found[1]
  }

  test.each(['stream', 'view', 'item'])(
    'S14: the table keyed by %s is protected and under a rotated key',
    (key) => {
      const { Properties, DeletionPolicy, UpdateReplacePolicy } = table(key)
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain'])
      expect(Properties).toMatchObject({
        DeletionProtectionEnabled: true,
        BillingMode: 'PAY_PER_REQUEST',
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      })
      const { KMSMasterKeyId } = Properties.SSESpecification as { KMSMasterKeyId: unknown }
      const usedKey = template.Resources[referred(KMSMasterKeyId)]
      expect(usedKey).toMatchObject({ DeletionPolicy: 'Retain', Properties: { EnableKeyRotation: true } })
    },
  )

  test('there are three tables', () => expect(ofType(template, 'AWS::DynamoDB::Table')).toHaveLength(3))

  test('S14: the log can be restored to any second, and streams its commits', () => {
    expect(table('stream').Properties).toMatchObject({
      KeySchema: [
        { AttributeName: 'stream', KeyType: 'HASH' },
        { AttributeName: 'commit', KeyType: 'RANGE' },
      ],
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
      GlobalSecondaryIndexes: [
        {
          IndexName: 'Catalogue',
          KeySchema: [
            { AttributeName: 'category', KeyType: 'HASH' },
            { AttributeName: 'since', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    })
  })

  test('S9: task tokens have a key apart from the log, and are never logged', () => {
    const keyOf = (key: string) => JSON.stringify(table(key).Properties.SSESpecification)
    expect(keyOf('item')).not.toBe(keyOf('stream'))
    expect(table('item').Properties.TimeToLiveSpecification).toEqual({
      AttributeName: 'expires',
      Enabled: true,
    })
    const machines = propertiesOf('AWS::StepFunctions::StateMachine')
    expect(machines).toHaveLength(2)
    for (const { LoggingConfiguration } of machines)
      expect(LoggingConfiguration).toMatchObject({ Level: 'ALL', IncludeExecutionData: false })
  })

  test('a table key serves callers of this account through DynamoDB only', () => {
    const encrypting = propertiesOf('AWS::KMS::Key').filter(({ KeyUsage }) => KeyUsage !== 'SIGN_VERIFY')
    const policies = encrypting.map(({ KeyPolicy }) => JSON.stringify(KeyPolicy))
    expect(policies).toHaveLength(2)
    for (const policy of policies) {
      expect(policy).toContain('"kms:CallerAccount":{"Ref":"AWS::AccountId"}')
      expect(policy).toContain('"kms:ViaService":{"Fn::Join":["",["dynamodb."')
    }
  })

  test('S13: heads are kept where nothing can be overwritten, and signed by a key that never leaves KMS', () => {
    const [[id, bucket] = [], ...others] = ofType(template, 'AWS::S3::Bucket')
    expect(others).toEqual([])
    expect([bucket?.DeletionPolicy, bucket?.UpdateReplacePolicy]).toEqual(['Retain', 'Retain'])
    expect(bucket?.Properties).toMatchObject({
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Days: 3650, Mode: 'GOVERNANCE' } } },
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: {
        ...{ BlockPublicAcls: true, BlockPublicPolicy: true },
        ...{ IgnorePublicAcls: true, RestrictPublicBuckets: true },
      },
    })
    const [policy] = propertiesOf('AWS::S3::BucketPolicy')
    expect(referred(policy?.Bucket)).toBe(id)
    expect((policy?.PolicyDocument as { Statement: unknown[] } | undefined)?.Statement).toEqual([
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      expect.objectContaining({
        Effect: 'Deny',
        Action: 's3:PutObject',
        Condition: { Null: { 's3:if-none-match': 'true' } },
      }),
    ])
    const signers = ofType(template, 'AWS::KMS::Key').filter(
      ([, { Properties }]) => Properties.KeyUsage === 'SIGN_VERIFY',
    )
    // That of assignments is another: S18.
    expect(
      signers.map(([id, { DeletionPolicy, Properties }]) => [
        ...[id.replace(/[0-9A-F]{8}$/, ''), DeletionPolicy, Properties.KeySpec],
      ]),
    ).toEqual([
      ['HeadsKey', 'Retain', 'ECC_NIST_EDWARDS25519'],
      ['AssignmentsKey', 'Retain', 'ECC_NIST_EDWARDS25519'],
    ])
  })

  test('every queue is encrypted and refuses plain HTTP', () => {
    expect(propertiesOf('AWS::SQS::Queue').map(({ SqsManagedSseEnabled }) => SqsManagedSseEnabled)).toEqual(
      Array(8).fill(true),
    )
    const secured = propertiesOf('AWS::SQS::QueuePolicy').filter((policy) =>
      JSON.stringify(policy).includes('"aws:SecureTransport":"false"'),
    )
    expect(secured).toHaveLength(8)
  })

  test('every log group forgets after 90 days', () => {
    const retention = propertiesOf('AWS::Logs::LogGroup').map(({ RetentionInDays }) => RetentionInDays)
    expect(retention).toEqual(Array(37).fill(90))
  })

  test('S24: no template value looks like a secret', () => {
    const names = propertiesOf('AWS::Lambda::Function').flatMap(({ Environment }) =>
      Object.keys((Environment as { Variables: object } | undefined)?.Variables ?? {}),
    )
    expect([...new Set(names)].sort()).toEqual([
      'AGENT_DOMAIN',
      'API_URL',
      'ASSIGNMENT_KEY_ARN',
      'BUS_NAME',
      'DEAD_LETTER_QUEUES',
      'EXPOSURE_PERCENT',
      'EXPOSURE_TARGETS',
      'HEADS_BUCKET',
      'HEADS_KEY_ARN',
      'HELM_BINARY',
      'HELM_FUNCTION_ARN',
      'LOG_TABLE',
      'METRICS_NAMESPACE',
      'OUTBOUND_HOSTS',
      'PROCEDURE_LOGS_ARN',
      'PROCEDURE_MACHINES',
      'PROCEDURE_ROLE_ARN',
      'ROLE_CLAIM',
      'ROLLOUT_MACHINE_ARN',
      'SIGN_IN_CLIENT',
      'SIGN_IN_ISSUER',
      'SIGN_IN_SCOPE',
      'SIGN_IN_TOKEN_URL',
      'SIGN_IN_URL',
      'STEP_FUNCTION_ARN',
      'UNSIGNED_RELEASES',
      'UPGRADE_MACHINE_ARN',
      'VIEWS_TABLE',
      'WINDOWS_DEAD_LETTERS_ARN',
      'WINDOWS_FUNCTION_ARN',
      'WINDOWS_GROUP',
      'WINDOWS_ROLE_ARN',
      'WORK_TABLE',
    ])
  })
})

describe('what moves it', () => {
  test('every function runs Node 24 without X-Ray and logs JSON, on arm64 where no program of a layer is for x86_64', () => {
    const functions = propertiesOf('AWS::Lambda::Function')
    expect(functions).toHaveLength(33)
    for (const properties of functions) {
      expect(properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: [properties.Layers === undefined ? 'arm64' : 'x86_64'],
        Handler: 'index.handler',
        LoggingConfig: { LogFormat: 'JSON' },
      })
      expect(properties.TracingConfig).toBeUndefined()
    }
    expect(functions.filter(({ Layers }) => Layers !== undefined)).toHaveLength(1)
  })

  test('the reactor has time for a commit that admits 10,000 targets', () => {
    const reactor = ofType(template, 'AWS::Lambda::Function').find(([id]) => functionName(id) === 'reactor')
    expect(reactor?.[1].Properties.Timeout).toBe(300)
  })

  test('exactly projector and reactor read the stream, bounded, and give up into a queue', () => {
    const mappings = propertiesOf('AWS::Lambda::EventSourceMapping')
    expect(mappings.map(({ FunctionName }) => functionName(referred(FunctionName))).sort()).toEqual([
      'projector',
      'reactor',
    ])
    for (const mapping of mappings) {
      expect(mapping).toMatchObject({
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: 100,
        MaximumBatchingWindowInSeconds: 0,
        ParallelizationFactor: functionName(referred(mapping.FunctionName)) === 'reactor' ? 2 : 10,
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        MaximumRetryAttempts: 100,
        // For as long the reactor tells those again whom the views may not have shown.
        MaximumRecordAgeInSeconds: viewsCatchUp / 1000,
      })
      const { OnFailure } = mapping.DestinationConfig as { OnFailure: { Destination: unknown } }
      expect(template.Resources[referred(OnFailure.Destination)]?.Type).toBe('AWS::SQS::Queue')
    }
  })

  test('upgrades are ticked every minute, what was set aside is tried, reconciliation and heads go on', () => {
    const schedules = propertiesOf('AWS::Scheduler::Schedule').map(({ ScheduleExpression, Target }) => [
      functionName(referred((Target as { Arn: unknown }).Arn)),
      ScheduleExpression,
    ])
    expect(Object.fromEntries(schedules)).toEqual({
      ticker: 'rate(1 minute)',
      monitor: 'rate(1 minute)',
      gates: 'rate(1 minute)',
      notify: 'rate(1 minute)',
      reactor: 'rate(1 minute)',
      reconcile: 'rate(15 minutes)',
      heads: 'rate(15 minutes)',
    })
  })

  test('what is invoked without a waiting caller keeps its failures', () => {
    const kept = propertiesOf('AWS::Lambda::EventInvokeConfig').map(({ FunctionName }) =>
      functionName(referred(FunctionName)),
    )
    expect(kept.sort()).toEqual([
      'ended',
      'endedProcedure',
      'endedRollout',
      'gates',
      'heads',
      'monitor',
      'notify',
      'reactor',
      'reconcile',
      'ticker',
      'windows',
    ])
  })

  test('an execution that ends before what it drives is told to the log', () => {
    const onDefault = propertiesOf('AWS::Events::Rule').filter(
      ({ EventBusName }) => EventBusName === undefined,
    )
    const rules = onDefault.map(({ EventPattern, Targets }) => {
      expect(EventPattern).toMatchObject({
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
      })
      const targets = Targets as { Arn: unknown; DeadLetterConfig: unknown }[]
      expect(targets[0]?.DeadLetterConfig).toBeDefined()
      const [, machine] = /:stateMachine:(drydock-[\w-]+)"/.exec(JSON.stringify(EventPattern)) ?? []
      return [machine, targets.map(({ Arn }) => functionName(referred(Arn)))]
    })
    expect(Object.fromEntries(rules)).toEqual({
      'drydock-upgrade': ['ended'],
      'drydock-rollout': ['endedRollout'],
      'drydock-procedure-': ['endedProcedure'],
    })
  })

  test('people and programs are told of what is on the bus, and not of what an archive replays', () => {
    const rules = propertiesOf('AWS::Events::Rule').filter(({ EventBusName }) => EventBusName !== undefined)
    expect(rules.map(({ EventPattern }) => EventPattern)).toEqual([
      { source: ['drydock'], 'replay-name': [{ exists: false }] },
    ])
    const targets = rules[0]?.Targets as { Arn: unknown; DeadLetterConfig: unknown }[]
    expect(targets.map(({ Arn }) => functionName(referred(Arn)))).toEqual(['notify'])
    expect(targets[0]?.DeadLetterConfig).toBeDefined()
  })

  test('the bus is called drydock and archived', () => {
    expect(propertiesOf('AWS::Events::EventBus')).toEqual([expect.objectContaining({ Name: 'drydock' })])
    expect(propertiesOf('AWS::Events::Archive')).toEqual([expect.objectContaining({ RetentionDays: 90 })])
  })

  test('the schema of every public event can be looked up, in the dialect that the registry takes', () => {
    const resources = assembled().nested.flatMap(({ Resources }) => Object.values(Resources))
    // One machine leaves the stacks in the stack out, so there is nothing else in them.
    expect(new Set(resources.map(({ Type }) => Type))).toEqual(new Set(['AWS::EventSchemas::Schema']))
    const schemas = resources.map(({ Properties }) => Properties)
    expect(schemas.map(({ SchemaName }) => SchemaName).sort()).toEqual(
      Object.keys(publicDetails)
        .map((type) => `drydock@${type}`)
        .sort(),
    )
    for (const { SchemaName, Type, Content } of schemas) {
      expect(Type).toBe('JSONSchemaDraft4')
      const { $schema, properties, additionalProperties } = JSON.parse(String(Content))
      expect($schema).toBe('http://json-schema.org/draft-04/schema#')
      expect(`drydock@${properties.type.enum}`).toBe(SchemaName)
      // A field that is added later must be no error to who has this schema.
      expect([additionalProperties, properties.data.additionalProperties]).toEqual([undefined, undefined])
    }
  })
})

describe('what a person hears of', () => {
  const functions =
    'upgrades evidence rollouts targets releases operations notifications profiles calendars agents mcp system console authorizer projector reactor notify ticker monitor gates reconcile heads windows advance await ended advanceRollout awaitRollout endedRollout step procedures endedProcedure'
  const alarms = [
    // A look of a step that is not over is an error of its function, and nothing to ring for.
    ...functions.split(' ').flatMap((name) => [
      ...(['helm', 'step'].includes(name) ? [] : [`Errors${name}`]),
      // Calls of helm, and parts of evidence, wait for their turn.
      ...(['helm', 'evidence'].includes(name) ? [] : [`Throttles${name}`]),
    ]),
    ...['ticker', 'reconcile'].map((name) => `NotInvoked${name}`),
    ...['projector', 'reactor'].map((name) => `IteratorAge${name}`),
    ...['projector', 'reactor', 'upgrade', 'rollout', 'procedure', 'notices', 'schedules', 'windows'].map(
      (name) => `DeadLetters${name}`,
    ),
    ...['upgrade', 'rollout'].flatMap((drives) =>
      ['Failed', 'TimedOut', 'Aborted'].map((status) => `Executions${drives}${status}`),
    ),
    'Executionsprocedure',
    'ServerErrors',
    'LogTampered',
    'ViewDrift',
    'Parked',
    'Undelivered',
    'CalendarsRunningOut',
    'HeadsOverdue',
    'Loop',
  ]

  test('every alarm is there, and tells the topic', () => {
    const found = ofType(template, 'AWS::CloudWatch::Alarm')
    expect(found.map(([id]) => id.replace(/^Alarms(.*)[0-9A-F]{8}$/, '$1')).sort()).toEqual(alarms.sort())
    for (const [, { Properties }] of found) {
      const [action] = Properties.AlarmActions as unknown[]
      expect(template.Resources[referred(action)]?.Type).toBe('AWS::SNS::Topic')
    }
  })

  test('S12: a changed or removed commit raises one at its first occurrence', () => {
    expect(propertiesOf('AWS::CloudWatch::Alarm')).toContainEqual(
      expect.objectContaining({
        Namespace: 'Drydock',
        MetricName: 'LogTampered',
        Threshold: 0,
        EvaluationPeriods: 1,
        ComparisonOperator: 'GreaterThanThreshold',
      }),
    )
  })

  test('S13: a day without heads raises one, and so does a function that says nothing at all', () => {
    expect(propertiesOf('AWS::CloudWatch::Alarm')).toContainEqual(
      expect.objectContaining({
        MetricName: 'HeadsOverdue',
        ...{ Statistic: 'Minimum', Threshold: 0, Period: 3600, EvaluationPeriods: 24 },
        TreatMissingData: 'breaching',
      }),
    )
  })

  test('so does a reactor that answers itself', () => {
    const loop = propertiesOf('AWS::CloudWatch::Alarm').find(({ Metrics }) =>
      JSON.stringify(Metrics)?.includes('10 *'),
    )
    const text = JSON.stringify(loop?.Metrics)
    expect(text).toContain('FILL(reactor, 0) - 10 * FILL(external, 0)')
    expect(text).toContain('ReactorAppends')
    expect(text).toContain('ExternalAppends')
  })
})
