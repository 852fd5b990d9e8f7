import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, Function as Lambda, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { catalogueIndex, environmentNames, windowScheduleGroup } from '../../functions/environment.ts'
import { bundle, bundleOf } from './bundles.ts'
import type { Bus } from './bus.ts'
import type { Identity } from './identity.ts'
import type { Log } from './log.ts'
import { executionArns, machineArn, names, windowScheduleArns, windowsFunctionArn } from './names.ts'
import { conditions, type FunctionName, functionNames, permissions, type Resource } from './permissions.ts'
import type { Views } from './views.ts'
import type { Windows } from './windows.ts'
import type { Work } from './work.ts'

interface Shape {
  readonly entry: string
  readonly memory: number
  readonly timeout: Duration
  readonly does: string
}

const request = { memory: 1024, timeout: Duration.seconds(25) } as const
const batch = { memory: 1024, timeout: Duration.seconds(60) } as const

/** A request ends before the gateway's 30 seconds do; a plan of many targets and a walk over the whole log may take longer. */
const shapes: Record<FunctionName, Shape> = {
  upgrades: {
    ...request,
    entry: 'functions/lambda/upgrades.ts',
    does: 'Upgrades: deploy, watch, approve, stop',
  },
  targets: { ...request, entry: 'functions/lambda/targets.ts', does: 'Targets: register, list, explain' },
  releases: { ...request, entry: 'functions/lambda/releases.ts', does: 'Releases: register, list, withdraw' },
  operations: { ...request, entry: 'functions/lambda/operations.ts', does: 'Approvals, stop, work queue' },
  profiles: { ...request, entry: 'functions/lambda/profiles.ts', does: 'Upgrade profiles and calendars' },
  agents: { ...request, entry: 'functions/lambda/agents.ts', does: 'What agents ask and report' },
  system: {
    ...request,
    memory: 256,
    entry: 'functions/lambda/system.ts',
    does: 'Health and OpenAPI document',
  },
  authorizer: {
    ...request,
    memory: 512,
    timeout: Duration.seconds(10),
    entry: 'functions/lambda/authorizer.ts',
    does: 'Admits agents and gateways',
  },
  projector: { ...batch, entry: 'functions/lambda/projector.ts', does: 'Folds commits into views' },
  // One commit may admit 10,000 targets. An invocation that ran out of time would do them, and what follows them, over again.
  reactor: {
    ...batch,
    timeout: Duration.minutes(5),
    entry: 'functions/lambda/reactor.ts',
    does: 'Does what follows from a commit',
  },
  ticker: { ...batch, entry: 'functions/lambda/ticker.ts', does: 'Tells live upgrades the time' },
  reconcile: {
    ...batch,
    timeout: Duration.minutes(15),
    entry: 'functions/lambda/reconcile.ts',
    does: 'Compares views with the log and heals; rebuilds on request',
  },
  windows: {
    ...batch,
    entry: 'functions/lambda/windows.ts',
    does: 'Opens the windows of upgrade profiles',
  },
  advance: {
    ...batch,
    timeout: Duration.minutes(5),
    entry: 'functions/lambda/advance.ts',
    does: 'Takes an upgrade one move on',
  },
  await: { ...batch, entry: 'functions/lambda/await.ts', does: 'Keeps the token of a wait' },
  ended: {
    ...batch,
    entry: 'functions/lambda/ended.ts',
    does: 'Records that an execution ended before its upgrade',
  },
}

interface FunctionsProps {
  readonly log: Log
  readonly views: Views
  readonly work: Work
  readonly bus: Bus
  readonly windows: Windows
  readonly identity: Identity
}

/** Every Lambda function, each with a role of its own that holds the table of permissions and nothing else. */
export class Functions extends Construct {
  readonly all: Record<FunctionName, Lambda>

  constructor(scope: Construct, { log, views, work, bus, windows, identity }: FunctionsProps) {
    super(scope, 'Functions')
    const environment = {
      [environmentNames.logTable]: log.table.tableName,
      [environmentNames.viewsTable]: views.table.tableName,
      [environmentNames.workTable]: work.table.tableName,
      [environmentNames.busName]: bus.bus.eventBusName,
      [environmentNames.upgradeMachineArn]: machineArn(this),
      [environmentNames.roleClaim]: identity.roleClaim,
      [environmentNames.windowsFunctionArn]: windowsFunctionArn(this),
      [environmentNames.windowsRoleArn]: windows.role.roleArn,
      [environmentNames.windowsDeadLettersArn]: windows.deadLetters.queueArn,
    }
    const arns: Record<Resource, string> = {
      log: log.table.tableArn,
      catalogue: `${log.table.tableArn}/index/${catalogueIndex}`,
      views: views.table.tableArn,
      work: work.table.tableArn,
      lastSeen: work.table.tableArn,
      machine: machineArn(this),
      executions: executionArns(this),
      bus: bus.bus.eventBusArn,
      windowSchedules: windowScheduleArns(this),
      windowsRole: windows.role.roleArn,
      anySchedule: '*',
    }

    const bundles = bundle(functionNames.map((name) => shapes[name].entry))
    const create = (name: FunctionName): Lambda => lambda(this, name, bundles, environment, arns)
    this.all = {
      upgrades: create('upgrades'),
      targets: create('targets'),
      releases: create('releases'),
      operations: create('operations'),
      profiles: create('profiles'),
      agents: create('agents'),
      system: create('system'),
      authorizer: create('authorizer'),
      projector: create('projector'),
      reactor: create('reactor'),
      ticker: create('ticker'),
      reconcile: create('reconcile'),
      windows: create('windows'),
      advance: create('advance'),
      await: create('await'),
      ended: create('ended'),
    }
    rmSync(bundles, { recursive: true })
  }
}

function lambda(
  scope: Construct,
  name: FunctionName,
  bundles: string,
  environment: Record<string, string>,
  arns: Record<Resource, string>,
): Lambda {
  const { entry, memory, timeout, does } = shapes[name]
  const here = new Construct(scope, name)
  const logGroup = new LogGroup(here, 'Logs', {
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  })
  const role = new Role(here, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  role.addToPolicy(
    new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    }),
  )
  for (const [resource, actions] of Object.entries(permissions[name])) {
    const known = resource as Resource // Object.entries forgets that the keys are resources
    const condition = conditions[known]
    role.addToPolicy(
      new PolicyStatement({
        actions: [...actions],
        resources: [arns[known]],
        ...(condition && { conditions: condition }),
      }),
    )
  }
  if (permissions[name].executions !== undefined) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${names.machine}:*]`,
      reason:
        'An execution is named after its upgrade and generation: only those of this one state machine can be described.',
    })
  }
  if (permissions[name].windowSchedules !== undefined) {
    Validations.of(role).acknowledge(
      {
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/${windowScheduleGroup}/window-*]`,
        reason:
          'A schedule is named after its profile and opening: only those of windows can be made or deleted.',
      },
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'ListSchedules, which returns names and no contents, can only be granted on everything.',
      },
    )
  }
  return new Lambda(here, 'Function', {
    ...(name === 'windows' && { functionName: names.windowsFunction }),
    description: does,
    code: Code.fromAsset(join(bundles, bundleOf(entry))),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: memory,
    timeout,
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    environment,
  })
}
