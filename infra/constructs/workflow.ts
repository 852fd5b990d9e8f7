import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { RemovalPolicy, Validations } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import { definitionOf } from './definition.ts'
import { Ends } from './ends.ts'
import type { Functions } from './functions.ts'
import { idOf, type Machine, machineArn, namesOf } from './names.ts'

/** A state machine that drives something, and the rule that notices when an execution ends before that does. */
export class Workflow extends Construct {
  readonly machine: StateMachine
  readonly deadLetters: Queue

  constructor(
    scope: Construct,
    { machine, functions }: { readonly machine: Machine; readonly functions: Functions },
  ) {
    super(scope, `${idOf(machine)}Workflow`)
    const definition = JSON.stringify(definitionOf(machine), null, 2)
    const tasks = functions.on('task').filter(({ as }) => definition.includes(`\${${as}}`))
    const file = written(definition)
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: namesOf(this).machines[machine],
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromFile(file),
      definitionSubstitutions: Object.fromEntries(tasks.map(({ as, lambda }) => [as, lambda.functionArn])),
      logs: {
        destination: new LogGroup(this, 'Logs', {
          logGroupName: namesOf(this).machineLogs[machine],
          retention: RetentionDays.THREE_MONTHS,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        // The input of a wait holds its task token (S9).
        includeExecutionData: false,
      },
      tracingEnabled: false,
    })
    rmSync(dirname(file), { recursive: true })
    this.machine.addToRolePolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: tasks.map(({ lambda }) => lambda.functionArn),
      }),
    )
    Validations.of(this.machine).acknowledge(
      {
        id: 'AwsSolutions-SF2',
        reason:
          'The log is the trace: every commit names its correlation and its cause. X-Ray would cost more than the executions.',
      },
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'Log delivery, which writes the execution log, can only be granted on everything.',
      },
    )

    const machines = [machineArn(this, machine)]
    this.deadLetters = new Ends(this, { of: machine, machines, functions }).deadLetters
  }
}

/** Writes a definition to a file in a directory of its own, which the caller removes when it has become an asset. */
function written(definition: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'drydock-machine-')), 'definition.asl.json')
  writeFileSync(file, definition)
  return file
}
