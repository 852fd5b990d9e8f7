import { Aws } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Functions } from './functions.ts'
import { idOf } from './names.ts'
import { deadLetters, keepFailures } from './queue.ts'

/** What happens by the clock, whatever else happens. */
export class Schedules extends Construct {
  readonly deadLetters: Queue

  constructor(scope: Construct, { functions }: { readonly functions: Functions }) {
    super(scope, 'Schedules')
    this.deadLetters = deadLetters(this)
    const scheduled = functions.on('schedule')
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    })
    role.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: scheduled.map(({ lambda }) => lambda.functionArn),
      }),
    )
    role.addToPolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.deadLetters.queueArn] }),
    )

    for (const { name, lambda, rate, delivery, retries } of scheduled) {
      keepFailures(lambda, this.deadLetters, retries)
      const schedule = new CfnSchedule(this, idOf(name), {
        scheduleExpression: rate,
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: lambda.functionArn,
          roleArn: role.roleArn,
          deadLetterConfig: { arn: this.deadLetters.queueArn },
          retryPolicy: {
            maximumEventAgeInSeconds: delivery.seconds,
            maximumRetryAttempts: delivery.retries,
          },
        },
      })
      // The Scheduler tries the role when a schedule is created.
      schedule.node.addDependency(role)
    }
  }
}
