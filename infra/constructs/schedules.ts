import { Aws } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Function as Lambda } from 'aws-cdk-lib/aws-lambda'
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Functions } from './functions.ts'
import { deadLetters, keepFailures } from './queue.ts'

/** What happens by the clock: every minute live upgrades are told the time, every day views are compared with the log. */
export class Schedules extends Construct {
  readonly deadLetters: Queue

  constructor(scope: Construct, { functions }: { readonly functions: Functions }) {
    super(scope, 'Schedules')
    this.deadLetters = deadLetters(this)
    const { ticker, reconcile } = functions.all

    // The next minute ticks again.
    keepFailures(ticker, this.deadLetters, 0)
    keepFailures(reconcile, this.deadLetters, 2)

    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    })
    role.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: [ticker.functionArn, reconcile.functionArn],
      }),
    )
    role.addToPolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.deadLetters.queueArn] }),
    )

    // A tick that is a minute late is replaced by the next; a day's reconciliation is worth an hour of retries.
    this.schedule('Tick', 'rate(1 minute)', ticker, role, {
      maximumEventAgeInSeconds: 60,
      maximumRetryAttempts: 1,
    })
    this.schedule('Reconcile', 'rate(1 day)', reconcile, role, {
      maximumEventAgeInSeconds: 3600,
      maximumRetryAttempts: 10,
    })
  }

  private schedule(
    id: string,
    scheduleExpression: string,
    target: Lambda,
    role: Role,
    retryPolicy: CfnSchedule.RetryPolicyProperty,
  ): void {
    const schedule = new CfnSchedule(this, id, {
      scheduleExpression,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: target.functionArn,
        roleArn: role.roleArn,
        deadLetterConfig: { arn: this.deadLetters.queueArn },
        retryPolicy,
      },
    })
    // The Scheduler tries the role when a schedule is created.
    schedule.node.addDependency(role)
  }
}
