import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { KubectlV35Layer } from '@aws-cdk/lambda-layer-kubectl-v35'
import { Lazy, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  Architecture,
  Code,
  type ILayerVersion,
  Function as Lambda,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import {
  catalogueIndex,
  environmentNames,
  headsPrefix,
  type Setting,
  type Settings,
} from '../../functions/environment.ts'
import type { AgentDomain } from './agent-domain.ts'
import type { Assignments } from './assignments.ts'
import { writeBrowserFiles } from './browser-files.ts'
import { bundle, bundleOf } from './bundles.ts'
import type { Bus } from './bus.ts'
import type { Catalogue } from './catalogue.ts'
import type { Concurrency } from './concurrency.ts'
import { declarations, entryOf, type FunctionName, functionNames } from './declarations.ts'
import type { Exposure } from './exposure.ts'
import type { Heads } from './heads.ts'
import type { Identity } from './identity.ts'
import type { Log } from './log.ts'
import type { Mail } from './mail.ts'
import {
  executionArns,
  functionArn,
  machineArn,
  machines,
  namesOf,
  procedureExecutionArns,
  procedureMachineArns,
  secretArns,
  windowScheduleArns,
} from './names.ts'
import type { Outbound } from './outbound.ts'
import {
  conditions,
  type Grants,
  type lookAtDeadLetters,
  type Resource,
  type runCommands,
  type sendMail,
} from './permissions.ts'
import type { Procedures } from './procedures.ts'
import type { RunCommand } from './run-command.ts'
import { isOf, type Trigger, type TriggerOf } from './triggers.ts'
import type { Views } from './views.ts'
import type { Windows } from './windows.ts'
import type { Work } from './work.ts'

interface FunctionsProps {
  /** Where the API is reached. */
  readonly apiUrl: string
  readonly log: Log
  readonly views: Views
  readonly work: Work
  readonly bus: Bus
  readonly windows: Windows
  readonly identity: Identity
  readonly exposure: Exposure
  readonly catalogue: Catalogue
  readonly agentDomain: AgentDomain
  readonly outbound: Outbound
  readonly mail: Mail
  readonly runCommand: RunCommand
  readonly concurrency: Concurrency
  readonly heads: Heads
  readonly assignments: Assignments
  readonly procedures: Procedures
}

/** A function with what makes it run. */
export type Triggered<Event extends Trigger['event']> = TriggerOf<Event> & {
  readonly name: FunctionName
  readonly lambda: Lambda
}

/** Every Lambda function as it is declared, each with a role and an environment of its own. */
export class Functions extends Construct {
  readonly all: Readonly<Record<FunctionName, Lambda>>
  #deadLetters: readonly Queue[] = []

  constructor(scope: Construct, props: FunctionsProps) {
    super(scope, 'Functions')
    const { log, views, work, bus, windows, identity, exposure, outbound, concurrency, heads } = props
    const { procedures, runCommand, mail, catalogue, assignments } = props
    const settings: Settings<Setting> = {
      logTable: log.table.tableName,
      viewsTable: views.table.tableName,
      workTable: work.table.tableName,
      busName: bus.bus.eventBusName,
      upgradeMachineArn: machineArn(this, 'upgrade'),
      rolloutMachineArn: machineArn(this, 'rollout'),
      roleClaim: identity.roleClaim,
      exposureTargets: exposure.targets,
      exposurePercent: exposure.percent,
      unsignedReleases: catalogue.unsignedReleases,
      agentDomain: props.agentDomain.name,
      metricsNamespace: namesOf(this).metrics,
      windowsGroup: namesOf(this).windowsGroup,
      procedureMachines: procedureMachineArns(this),
      procedureRoleArn: procedures.role.roleArn,
      procedureLogsArn: procedures.logs.logGroupArn,
      stepFunctionArn: functionArn(this, 'stepFunction'),
      helmFunctionArn: functionArn(this, 'helmFunction'),
      windowsFunctionArn: functionArn(this, 'windowsFunction'),
      windowsRoleArn: windows.role.roleArn,
      windowsDeadLettersArn: windows.deadLetters.queueArn,
      deadLetterQueues: Lazy.string({
        produce: () => this.#deadLetters.map(({ queueUrl }) => queueUrl).join(','),
      }),
      headsBucket: heads.bucket.bucketName,
      headsKeyArn: heads.key.keyArn,
      assignmentKeyArn: assignments.key.keyArn,
      outboundHosts: outbound.hosts,
      helmBinary: '/opt/helm/helm',
      apiUrl: props.apiUrl,
      signInIssuer: identity.issuer,
      signInUrl: identity.signIn.authorizationUrl,
      signInTokenUrl: identity.signIn.tokenUrl,
      signInClient: identity.signIn.client,
      signInScope: identity.signIn.scope,
    }
    const arns: Shared['arns'] = {
      log: log.table.tableArn,
      catalogue: `${log.table.tableArn}/index/${catalogueIndex}`,
      views: views.table.tableArn,
      work: work.table.tableArn,
      lastSeen: work.table.tableArn,
      probes: work.table.tableArn,
      callbacks: work.table.tableArn,
      messages: work.table.tableArn,
      upgradeMachine: machineArn(this, 'upgrade'),
      upgradeExecutions: executionArns(this, 'upgrade'),
      rolloutMachine: machineArn(this, 'rollout'),
      rolloutExecutions: executionArns(this, 'rollout'),
      procedureMachine: `${procedureMachineArns(this)}*`,
      procedureExecutions: procedureExecutionArns(this),
      procedureRole: procedures.role.roleArn,
      bus: bus.bus.eventBusArn,
      windowSchedules: windowScheduleArns(this),
      windowsRole: windows.role.roleArn,
      anySchedule: '*',
      anyMetric: '*',
      headsBucket: heads.bucket.bucketArn,
      headDocuments: heads.bucket.arnForObjects(`${headsPrefix}*`),
      headsKey: heads.key.keyArn,
      assignmentKey: assignments.key.keyArn,
      assignmentPublicKey: assignments.key.keyArn,
      secrets: secretArns(this),
    }

    const programs = new KubectlV35Layer(this, 'Programs')
    const bundles = bundle(functionNames.map(entryOf))
    writeBrowserFiles(join(bundles, bundleOf(entryOf('console')), 'files'))
    const created = functionNames.map((name) => [
      name,
      lambda(this, name, { bundles, settings, arns, runCommand, mail, concurrency, programs }),
    ])
    this.all = Object.fromEntries(created) as Record<FunctionName, Lambda> // one for each name
    rmSync(bundles, { recursive: true })
  }

  /** Has whoever looks at dead letters look at these queues, which are made after the functions that send to them. */
  lookAt(deadLetters: readonly Queue[]): void {
    this.#deadLetters = deadLetters
    for (const name of functionNames) {
      const { deadLetters: actions } = declarations[name].may
      if (actions === undefined) continue
      this.all[name].addToRolePolicy(
        new PolicyStatement({
          actions: [...actions],
          resources: deadLetters.map(({ queueArn }) => queueArn),
        }),
      )
    }
  }

  /** Returns the functions that run on an event, in the order of their declarations. */
  on<Event extends Trigger['event']>(event: Event): readonly Triggered<Event>[] {
    return functionNames.flatMap((name) => {
      const { runsOn, alsoRunsOn } = declarations[name]
      const triggers: readonly (Trigger | undefined)[] = [runsOn, alsoRunsOn]
      return triggers.flatMap((trigger) =>
        trigger && isOf(trigger, event) ? [{ ...trigger, name, lambda: this.all[name] }] : [],
      )
    })
  }
}

/** What all functions are made with. */
interface Shared {
  /** The directory of their bundles. */
  readonly bundles: string
  readonly settings: Settings<Setting>
  readonly arns: Readonly<
    Record<
      Exclude<Resource, keyof typeof runCommands | keyof typeof sendMail | keyof typeof lookAtDeadLetters>,
      string
    >
  >
  readonly runCommand: RunCommand
  readonly mail: Mail
  readonly concurrency: Concurrency
  /** Helm, for those that run it. */
  readonly programs: ILayerVersion
}

function lambda(
  scope: Construct,
  name: FunctionName,
  { bundles, settings, arns, runCommand, mail, concurrency, programs }: Shared,
): Lambda {
  const { does, memory, timeout, atOnce, environment, may, fixedName, programs: needed } = declarations[name]
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
  // What is granted when there are queues is left out.
  const { commands, anyCommand, mail: send, deadLetters: _, ...always }: Grants = may
  if (commands && anyCommand) runCommand.grant(here, role, { send: commands, look: anyCommand })
  if (send) mail.grant(here, role, send)
  for (const [resource, actions] of Object.entries(always)) {
    const known = resource as keyof typeof always // Object.entries forgets that the keys are resources
    const condition = conditions[known]
    role.addToPolicy(
      new PolicyStatement({
        actions: [...actions],
        resources: [arns[known]],
        ...(condition && { conditions: condition }),
      }),
    )
  }
  for (const machine of machines) {
    if (may[`${machine}Executions`] === undefined) continue
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${namesOf(scope).machines[machine]}:*]`,
      reason:
        'An execution is named after what it drives and its generation: only those of this one state machine can be described.',
    })
  }
  if (may.procedureMachine !== undefined) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:${namesOf(scope).procedureMachines}*]`,
      reason:
        'Each revision of a procedure has a state machine, which is made when it is stored: only those bear this name.',
    })
  }
  if (may.procedureExecutions !== undefined) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${namesOf(scope).procedureMachines}*:*]`,
      reason: 'Only executions of the state machines of procedures can be described.',
    })
  }
  if (may.secrets !== undefined) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:${Stack.of(scope).stackName.toLowerCase()}/*]`,
      reason:
        'Procedures name the secrets that they need: only those whose names begin with the name of the stack can be read.',
    })
  }
  if (may.anyMetric !== undefined) {
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'GetMetricData, which reads figures and changes nothing, can only be granted on everything.',
    })
  }
  if (may.windowSchedules !== undefined) {
    Validations.of(role).acknowledge(
      {
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/${namesOf(scope).windowsGroup}/window-*]`,
        reason:
          'A schedule is named after its profile and opening: only those of windows can be made or deleted.',
      },
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'ListSchedules, which returns names and no contents, can only be granted on everything.',
      },
    )
  }
  if (may.headDocuments !== undefined) {
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::<HeadsBucket0A4B513A.Arn>/heads/*]',
      reason:
        'Documents of heads are numbered: none can be named before it is made. None can be overwritten.',
    })
  }
  return new Lambda(here, 'Function', {
    ...(fixedName !== undefined && { functionName: namesOf(scope)[fixedName] }),
    description: does,
    code: Code.fromAsset(join(bundles, bundleOf(entryOf(name)))),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: needed ? Architecture.X86_64 : Architecture.ARM_64,
    ...(needed && { layers: [programs] }),
    memorySize: memory,
    timeout,
    reservedConcurrentExecutions: concurrency.of(atOnce),
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    // What begins and ends is counted in metrics: a line for each would cost more than the run.
    systemLogLevelV2: SystemLogLevel.WARN,
    environment: Object.fromEntries(
      environment.map((setting) => [environmentNames[setting], settings[setting]]),
    ),
  })
}
