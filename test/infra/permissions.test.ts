import { beforeAll, describe, expect, test } from 'vitest'
import { type Statement as Judged, judge } from '../../infra/local/access/policies.ts'
import { functionName, ofType, referred, synthesized, type Template } from './synthesized.ts'

const stream = 'DescribeStream GetRecords GetShardIterator'

/** Whoever keeps the schedules of windows passes them the one role that may call the function. */
const windows = { 'schedules of windows': 'CreateSchedule DeleteSchedule', 'role of windows': 'PassRole' }

/** Whoever makes the state machines of procedures passes them the one role that may call the function of steps. */
const makes = 'CreateStateMachine DeleteStateMachine'
const procedures = { 'role of procedures': 'PassRole' }

/** Written by hand, not taken from the code: what each function may do, and nothing else (design: #rights). */
const expected: Record<string, Record<string, string>> = {
  upgrades: { Log: 'PutItem Query', Views: 'GetItem Query' },
  evidence: {
    Log: 'Query',
    'heads bucket names heads/': 'ListBucket',
    'documents of heads': 'GetObject',
  },
  rollouts: { Log: 'PutItem Query', Views: 'GetItem Query', 'Work rows probes#*': 'Query' },
  targets: { Log: 'PutItem Query', Views: 'GetItem Query', 'Work rows seen#*': 'BatchGetItem' },
  releases: { Log: 'PutItem Query', Views: 'GetItem Query', 'key of assignments': 'GetPublicKey' },
  operations: { Log: 'PutItem Query', Views: 'GetItem Query' },
  notifications: {
    Log: 'PutItem Query',
    Views: 'GetItem Query',
    'Work rows messages#*': 'DeleteItem PutItem Query UpdateItem',
    'secrets of the stack': 'GetSecretValue',
    'identities that are allowed': 'SendEmail',
  },
  profiles: { Log: 'PutItem Query', Views: 'GetItem Query' },
  calendars: { Log: 'PutItem Query', Views: 'GetItem Query' },
  agents: {
    Log: 'PutItem Query',
    Views: 'GetItem Query',
    Work: 'UpdateItem',
    'key of assignments by ED25519_SHA_512 of RAW': 'Sign',
  },
  // What the operations behind its tools may, together.
  mcp: {
    Log: 'PutItem Query',
    Views: 'GetItem Query',
    'Work rows seen#*': 'BatchGetItem',
    'Work rows probes#*': 'Query',
  },
  system: {},
  console: {},
  authorizer: { Log: 'Query' },
  projector: {
    Log: 'Query',
    'Log stream': stream,
    Views: 'BatchGetItem GetItem PartiQLInsert PartiQLUpdate PutItem',
    Work: 'PutItem',
    'dead letters': 'SendMessage',
    '*': 'ListStreams',
  },
  reactor: {
    Log: 'PutItem Query',
    'Log stream': stream,
    Views: 'GetItem Query',
    Work: 'BatchGetItem DeleteItem GetItem PutItem Query',
    'machine upgrade': 'SendTaskFailure SendTaskSuccess StartExecution',
    'machine rollout': 'SendTaskFailure SendTaskSuccess StartExecution',
    'machines of procedures': `${makes} SendTaskFailure SendTaskSuccess StartExecution TagResource`,
    ...procedures,
    bus: 'PutEvents',
    ...windows,
    // Two of them: what it gave up of the stream, and what the clock asked for.
    'dead letters': 'SendMessage SendMessage',
    '*': 'ListSchedules ListStreams',
  },
  notify: {
    Log: 'Query',
    'Work rows messages#*': 'DeleteItem GetItem PutItem Query UpdateItem',
    'secrets of the stack': 'GetSecretValue',
    'identities that are allowed': 'SendEmail',
    'dead letters': 'SendMessage',
  },
  ticker: {
    Log: 'PutItem Query',
    Views: 'GetItem Query',
    'dead letters': 'SendMessage',
  },
  monitor: {
    Log: 'Query',
    Views: 'GetItem Query',
    'Work rows probes#*': 'PutItem Query',
    'dead letters': 'SendMessage',
  },
  gates: {
    Log: 'PutItem Query',
    Views: 'GetItem Query',
    'secrets of the stack': 'GetSecretValue',
    '*': 'GetMetricData',
    'dead letters': 'SendMessage',
  },
  reconcile: {
    Log: 'PutItem Query',
    'Log index Catalogue': 'Query',
    Views: 'GetItem PutItem Query',
    Work: 'DeleteItem PutItem Query',
    'Work rows seen#*': 'BatchGetItem',
    bus: 'PutEvents',
    'executions of upgrade': 'DescribeExecution',
    'executions of rollout': 'DescribeExecution',
    'machines of procedures': `${makes} TagResource`,
    'executions of procedures': 'DescribeExecution',
    ...procedures,
    ...windows,
    '*': 'ListSchedules',
    // Its own failures go to one that it does not look at; of six it sees how much lies in them.
    'dead letters': `${'GetQueueAttributes '.repeat(6)}SendMessage`,
  },
  heads: {
    Log: 'Query',
    'Log index Catalogue': 'Query',
    'heads bucket names heads/': 'ListBucket',
    'documents of heads': 'GetObject PutObject',
    'key of heads by ED25519_SHA_512 of RAW': 'Sign',
    'dead letters': 'SendMessage',
  },
  windows: {
    Log: 'PutItem Query',
    Views: 'GetItem Query',
    ...windows,
    '*': 'ListSchedules',
    'dead letters': 'SendMessage',
  },
  advance: { Log: 'PutItem Query', Views: 'GetItem Query', 'Work rows seen#*': 'BatchGetItem' },
  await: {
    Log: 'Query',
    Work: 'DeleteItem PutItem',
    'machine upgrade': 'SendTaskSuccess',
  },
  ended: { Log: 'PutItem Query', 'dead letters': 'SendMessage' },
  advanceRollout: { Log: 'PutItem Query', Views: 'GetItem Query' },
  awaitRollout: {
    Log: 'Query',
    Work: 'DeleteItem PutItem',
    'machine rollout': 'SendTaskSuccess',
  },
  endedRollout: { Log: 'PutItem Query', 'dead letters': 'SendMessage' },
  procedures: { Log: 'PutItem Query', Views: 'GetItem Query', 'Work rows callbacks#*': 'GetItem' },
  helm: { Log: 'PutItem Query', 'secrets of the stack': 'GetSecretValue' },
  step: {
    Log: 'PutItem Query',
    Work: 'DeleteItem PutItem',
    'machines of procedures': 'SendTaskSuccess',
    'secrets of the stack': 'GetSecretValue',
    'commands that are allowed': 'SendCommand',
    '*': 'GetCommandInvocation ListCommands',
  },
  endedProcedure: { Log: 'PutItem Query', 'dead letters': 'SendMessage' },
}

interface Statement {
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: unknown
  readonly Condition?: unknown
}

let template: Template
let granted: Record<string, Record<string, string>>

beforeAll(() => {
  template = synthesized()
  granted = Object.fromEntries(
    ofType(template, 'AWS::Lambda::Function').map(([id, { Properties }]) => [
      functionName(id),
      rightsOf(
        referred(Properties.Role),
        referred((Properties.LoggingConfig as { LogGroup: unknown }).LogGroup),
      ),
    ]),
  )
})

/** Returns action names by what they may be done to, for one role; every function may also write its own logs. */
function rightsOf(role: string, ownLogs: string): Record<string, string> {
  const rights: Record<string, string[]> = {}
  for (const { Effect, Action, Resource, Condition } of statementsOf(role)) {
    expect(Effect).toBe('Allow')
    for (const resource of [Resource].flat()) {
      const actions = [Action].flat()
      const name = `${nameOf(resource)}${rowsOf(Condition)}`
      if (name === `logs ${ownLogs}`) {
        expect(actions).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents'])
        continue
      }
      rights[name] = [...(rights[name] ?? []), ...actions.map((action) => action.split(':')[1] ?? action)]
    }
  }
  return Object.fromEntries(Object.entries(rights).map(([name, actions]) => [name, actions.sort().join(' ')]))
}

/** To whom roles are passed, as conditions say it. */
const passedTo = ['scheduler', 'states'].map(
  (service) => `{"StringEquals":{"iam:PassedToService":["${service}.amazonaws.com"]}}`,
)

/** Says to which rows a statement is narrowed; a condition that this does not know fails the test. */
function rowsOf(condition: unknown): string {
  if (condition === undefined) return ''
  const text = JSON.stringify(condition)
  if (passedTo.includes(text)) return ''
  const [, rows] = /^\{"ForAllValues:StringLike":\{"dynamodb:LeadingKeys":\["(\S+)"\]\}\}$/.exec(text) ?? []
  if (rows !== undefined) return ` rows ${rows}`
  const [, names] = /^\{"StringEquals":\{"s3:prefix":\["(\S+)"\]\}\}$/.exec(text) ?? []
  if (names !== undefined) return ` names ${names}`
  const signing = /^\{"StringEquals":\{"kms:SigningAlgorithm":\["(\w+)"\],"kms:MessageType":\["(\w+)"\]\}\}$/
  const [, algorithm, kind] = signing.exec(text) ?? []
  if (algorithm !== undefined) return ` by ${algorithm} of ${kind}`
  throw new Error(`This test does not know the condition ${text}.`)
}

function statementsOf(role: string): readonly Statement[] {
  return ofType(template, 'AWS::IAM::Policy')
    .filter(([, { Properties }]) => (Properties.Roles as unknown[]).some((one) => referred(one) === role))
    .flatMap(([, { Properties }]) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
}

/** Says what an IAM statement is about, in words; an ARN that this does not know fails the test. */
function nameOf(resource: unknown): string {
  if (resource === '*') return '*'
  const text = JSON.stringify(resource)
  if (text === '{"Ref":"RunCommands"}') return 'commands that are allowed'
  if (text === '{"Ref":"MailIdentities"}') return 'identities that are allowed'
  const [, machine] = /":stateMachine:drydock-(\w+)"\]\]\}$/.exec(text) ?? []
  if (machine !== undefined) return `machine ${machine}`
  if (text.endsWith('":stateMachine:drydock-procedure-*"]]}')) return 'machines of procedures'
  if (text.endsWith('":execution:drydock-procedure-*:*"]]}')) return 'executions of procedures'
  if (text.endsWith('":secret:drydock/*"]]}')) return 'secrets of the stack'
  const [, executed] = /":execution:drydock-(\w+):\*"\]\]\}$/.exec(text) ?? []
  if (executed !== undefined) return `executions of ${executed}`
  if (text.endsWith('":schedule/drydock/window-*"]]}')) return 'schedules of windows'
  const attribute = /^\{"Fn::GetAtt":\["(\w+)","(Arn|StreamArn)"\]\}$/.exec(text)
  if (attribute?.[1] !== undefined) {
    const named = template.Resources[attribute[1]]
    switch (named?.Type) {
      case 'AWS::DynamoDB::Table':
        return attribute[2] === 'StreamArn' ? `${tableName(attribute[1])} stream` : tableName(attribute[1])
      case 'AWS::Logs::LogGroup':
        return `logs ${attribute[1]}`
      case 'AWS::Events::EventBus':
        return 'bus'
      case 'AWS::IAM::Role':
        if (attribute[1].startsWith('ProceduresRole')) return 'role of procedures'
        return attribute[1].startsWith('WindowsRole') ? 'role of windows' : `role ${attribute[1]}`
      case 'AWS::SQS::Queue':
        return 'dead letters'
      case 'AWS::S3::Bucket':
        return 'heads bucket'
      case 'AWS::KMS::Key':
        if (named.Properties.KeyUsage !== 'SIGN_VERIFY') return `key ${attribute[1]}`
        return attribute[1].startsWith('Heads') ? 'key of heads' : 'key of assignments'
    }
  }
  const objects = /^\{"Fn::Join":\["",\[\{"Fn::GetAtt":\["HeadsBucket\w+","Arn"\]\},"\/heads\/\*"\]\]\}$/
  if (objects.test(text)) return 'documents of heads'
  const index = /^\{"Fn::Join":\["",\[\{"Fn::GetAtt":\["(\w+)","Arn"\]\},"\/index\/(\w+)"\]\]\}$/.exec(text)
  if (index?.[1] !== undefined) return `${tableName(index[1])} index ${index[2]}`
  throw new Error(`A statement is about ${text}, which this test does not know.`)
}

function tableName(logicalId: string): string {
  const keys = template.Resources[logicalId]?.Properties.KeySchema as { AttributeName: string }[]
  const names: Record<string, string> = { stream: 'Log', view: 'Views', item: 'Work' }
  return names[keys[0]?.AttributeName ?? ''] ?? logicalId
}

describe('S11: what each function may do', () => {
  test.each(Object.keys(expected))('%s may do exactly what is written here', (name) => {
    expect(granted[name]).toEqual(expected[name])
  })

  test('there is no function beside these', () => {
    expect(Object.keys(granted).sort()).toEqual(Object.keys(expected).sort())
  })

  test('every function has a role of its own without any other policy', () => {
    const roles = ofType(template, 'AWS::Lambda::Function').map(([, { Properties }]) =>
      referred(Properties.Role),
    )
    expect(new Set(roles).size).toBe(roles.length)
    for (const role of roles) {
      const { ManagedPolicyArns, Policies } = template.Resources[role]?.Properties ?? {}
      expect([role, ManagedPolicyArns, Policies]).toEqual([role, undefined, undefined])
    }
  })

  test('no statement of any role has a wildcard in an action', () => {
    const actions = ofType(template, 'AWS::IAM::Policy').flatMap(([, { Properties }]) =>
      (Properties.PolicyDocument as { Statement: Statement[] }).Statement.flatMap(({ Action }) => Action),
    )
    expect(actions.length).toBeGreaterThan(50)
    expect(actions.filter((action) => action.includes('*'))).toEqual([])
  })
})

describe('S20: what Systems Manager may be told to run', () => {
  test('is nothing unless the deployment names it: nobody may even look', () => {
    const policies = ofType(template, 'AWS::IAM::Policy').filter(([, { Properties }]) =>
      JSON.stringify(Properties).includes('"ssm:'),
    )
    expect(policies.map(([, { Condition }]) => Condition)).toEqual(['RunsCommands'])
    expect(template.Conditions.RunsCommands).toEqual({
      'Fn::Not': [{ 'Fn::Equals': [{ 'Fn::Join': [',', { Ref: 'RunCommands' }] }, ''] }],
    })
    expect(template.Parameters.RunCommands).toMatchObject({ Type: 'CommaDelimitedList', Default: '' })
  })

  const document = 'arn:aws:ssm:eu-central-1::document/AWS-RunShellScript'
  const nodes = 'arn:aws:ec2:eu-central-1:123456789012:instance/*'
  test.each([
    ['', true],
    [document, true],
    [`${document},${nodes}`, true],
    [`${document}, ${nodes}`, true],
    ['arn:aws:ssm:eu-central-1:123456789012:managed-instance/mi-0123456789abcdef0', true],
    ['*', false],
    [`${document},*`, false],
    ['arn:aws:ssm:*', false],
    ['arn:aws:ssm:eu-central-1:123456789012:*', false],
    ['arn:aws:ssm:eu-central-1:123456789012:*/*', false],
    ['arn:aws:s3:::bucket/key', false],
  ])('and %j is taken: %s', (given, isTaken) => {
    const pattern = template.Parameters.RunCommands?.AllowedPattern
    expect(new RegExp(`^(?:${pattern})$`).test(given)).toBe(isTaken)
  })
})

describe('from whom e-mails are sent', () => {
  test('is nobody unless the deployment names the identity', () => {
    const policies = ofType(template, 'AWS::IAM::Policy').filter(([, { Properties }]) =>
      JSON.stringify(Properties).includes('"ses:'),
    )
    expect(policies.map(([, { Condition }]) => Condition)).toEqual(['SendsMail', 'SendsMail'])
    expect(template.Parameters.MailIdentities).toMatchObject({ Type: 'CommaDelimitedList', Default: '' })
  })

  const identity = 'arn:aws:ses:eu-central-1:123456789012:identity/example.com'
  test.each([
    ['', true],
    [identity, true],
    [`${identity},${identity.replace('example.com', 'ops@example.com')}`, true],
    ['*', false],
    [`${identity},*`, false],
    ['arn:aws:ses:eu-central-1:123456789012:identity/*', false],
    ['arn:aws:s3:::bucket/key', false],
  ])('and %j is taken: %s', (given, isTaken) => {
    const pattern = template.Parameters.MailIdentities?.AllowedPattern
    expect(new RegExp(`^(?:${pattern})$`).test(given)).toBe(isTaken)
  })
})

describe('whom a role is passed to', () => {
  test('is the Scheduler or Step Functions alone, each its own, wherever it may be passed', () => {
    const passing = ofType(template, 'AWS::IAM::Policy')
      .flatMap(([, { Properties }]) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
      .filter(({ Action }) => [Action].flat().includes('iam:PassRole'))
    expect(passing.length).toBeGreaterThan(0)
    for (const { Condition, Resource } of passing) {
      const isWindows = nameOf(Resource) === 'role of windows'
      expect(JSON.stringify(Condition)).toBe(passedTo[isWindows ? 0 : 1])
    }
  })
})

describe('where things are', () => {
  /** What a function is told, by what it must be allowed to do to be told it. */
  const needed: Record<string, RegExp> = {
    LOG_TABLE: /"Log":/,
    VIEWS_TABLE: /"Views":/,
    WORK_TABLE: /"Work( rows [^"]+)?":/,
    BUS_NAME: /"bus":/,
    // A token is redeemed by itself.
    UPGRADE_MACHINE_ARN: /"machine upgrade":"[^"]*StartExecution|"executions of upgrade"/,
    ROLLOUT_MACHINE_ARN: /"machine rollout":"[^"]*StartExecution|"executions of rollout"/,
    WINDOWS_GROUP: /"schedules of windows":/,
    WINDOWS_FUNCTION_ARN: /"schedules of windows":/,
    WINDOWS_ROLE_ARN: /"role of windows":/,
    WINDOWS_DEAD_LETTERS_ARN: /"schedules of windows":/,
    DEAD_LETTER_QUEUES: /"dead letters":"GetQueueAttributes/,
    PROCEDURE_MACHINES: /"role of procedures":/,
    PROCEDURE_ROLE_ARN: /"role of procedures":/,
    PROCEDURE_LOGS_ARN: /"role of procedures":/,
    STEP_FUNCTION_ARN: /"role of procedures":/,
    // Who plans what is to be watched says whether it may be.
    OUTBOUND_HOSTS: /"secrets of the stack":|"Work rows probes#\*":/,
    HEADS_BUCKET: /"documents of heads":/,
    HEADS_KEY_ARN: /"key of heads/,
    ASSIGNMENT_KEY_ARN: /"key of assignments/,
  }

  /** Who calls nobody, and says of what is to be called whether it may be. */
  const alsoTold: Readonly<Record<string, readonly string[]>> = { OUTBOUND_HOSTS: ['upgrades'] }

  test.each(Object.entries(needed))(
    '%s is told to whoever may do something there, and to nobody else',
    (variable, right) => {
      const told = ofType(template, 'AWS::Lambda::Function')
        .filter(([, { Properties }]) =>
          JSON.stringify(Properties.Environment ?? {}).includes(`"${variable}":`),
        )
        .map(([id]) => functionName(id))
      const allowed = Object.entries(granted).filter(([, rights]) => right.test(JSON.stringify(rights)))
      expect(told.length).toBeGreaterThan(0)
      expect(told.sort()).toEqual([...allowed.map(([name]) => name), ...(alsoTold[variable] ?? [])].sort())
    },
  )
})

describe('S10: who may redeem a task token', () => {
  test('only the reactor and the await tasks', () => {
    const redeemers = Object.entries(granted).filter(([, rights]) =>
      JSON.stringify(rights).includes('SendTask'),
    )
    expect(redeemers.map(([name]) => name).sort()).toEqual(['await', 'awaitRollout', 'reactor', 'step'])
  })

  test('no role that is not a function may', () => {
    const others = ofType(template, 'AWS::IAM::Policy').filter(([id]) => !id.startsWith('Functions'))
    expect(others.map(([id]) => id.replace(/[0-9A-F]{8}$/, '')).sort()).toEqual([
      expect.stringMatching(/^ProceduresRole/),
      expect.stringMatching(/^RolloutWorkflowMachineRole/),
      expect.stringMatching(/^SchedulesRole/),
      expect.stringMatching(/^UpgradeWorkflowMachineRole/),
      expect.stringMatching(/^WindowsRole/),
    ])
    expect(JSON.stringify(others)).not.toContain('SendTask')
  })
})

/** The policies that tables have themselves, by logical id. */
const tablePolicies = () =>
  ofType(template, 'AWS::DynamoDB::Table').map(([id, { Properties }]) => {
    const policy = Properties.ResourcePolicy as { PolicyDocument: { Statement: Judged[] } } | undefined // of its type
    return [id, policy?.PolicyDocument.Statement ?? []] as const
  })

describe('S12: the log is append-only', () => {
  test('nobody may change or remove a commit', () => {
    const onLog = Object.entries(granted).map(([name, rights]) => [name, rights.Log ?? ''] as const)
    expect(onLog.filter(([, actions]) => /Update|Delete|Batch|PartiQL|Scan/.test(actions))).toEqual([])
    expect(onLog.filter(([, actions]) => actions.includes('PutItem'))).toHaveLength(23)
  })

  test('S13: who writes commits writes no heads, and who writes heads writes no commits', () => {
    const [writers, others, readers] = [
      /"Log":"[^"]*PutItem/,
      /"documents of heads":"[^"]*Put|"key of heads/,
      /"documents of heads"/,
    ].map((right) =>
      Object.entries(granted).flatMap(([name, rights]) => (right.test(JSON.stringify(rights)) ? [name] : [])),
    )
    expect(others).toEqual(['heads'])
    // Evidence shows them, and can write neither.
    expect(readers).toEqual(['evidence', 'heads'])
    expect(writers?.filter((name) => readers?.includes(name))).toEqual([])
  })

  test('S18: one function alone assigns attempts in words that agents believe', () => {
    const signing = Object.entries(granted).filter(([, rights]) =>
      /"key of assignments[^"]*":"[^"]*Sign/.test(JSON.stringify(rights)),
    )
    expect(signing.map(([name]) => name)).toEqual(['agents'])
  })

  test('the table itself denies it to whoever has every right elsewhere, and nothing that writes or deploys it needs', () => {
    const own = tablePolicies().find(([id]) => id.startsWith('Log'))?.[1] ?? []
    const everything: Judged = { Effect: 'Allow', Action: '*', Resource: '*' }
    const judged = (action: string) =>
      judge([everything, ...own], {
        principal: { role: 'arn:aws:iam::1:role/Administrator' },
        action: `dynamodb:${action}`,
        resource: 'arn:aws:dynamodb:eu-central-1:1:table/Drydock-Log',
      })
    const changing = ['UpdateItem', 'DeleteItem', 'BatchWriteItem', 'DeleteTable', 'UpdateTimeToLive']
    const byStatements = ['PartiQLInsert', 'PartiQLUpdate', 'PartiQLDelete']
    expect([...changing, ...byStatements].map((action) => [action, judged(action)])).toEqual(
      [...changing, ...byStatements].map((action) => [action, 'denied']),
    )
    const needed = ['PutItem', 'Query', 'UpdateTable', 'PutResourcePolicy', 'DeleteResourcePolicy']
    expect(needed.map(judged)).toEqual(needed.map(() => 'allowed'))
  })

  test('no resource policy opens a table to others', () => {
    const effects = tablePolicies().flatMap(([, own]) => own.map(({ Effect }) => Effect))
    expect(effects).toEqual(['Deny'])
  })
})
