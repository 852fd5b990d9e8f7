import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Functions } from './functions.ts'
import { idOf } from './names.ts'
import { deadLetters, keepFailures } from './queue.ts'
import { schedulerRole } from './scheduler-role.ts'

/** What happens by the clock, whatever else happens. */
export class Schedules extends Construct {
  readonly deadLetters: Queue

  constructor(scope: Construct, { functions }: { readonly functions: Functions }) {
    super(scope, 'Schedules')
    this.deadLetters = deadLetters(this)
    const scheduled = functions.on('schedule')
    const told = functions.on('public event').map(({ name }) => name)
    const role = schedulerRole(this, {
      group: 'default',
      calls: scheduled.map(({ lambda }) => lambda.functionArn),
      lost: this.deadLetters,
    })

    for (const { name, lambda, rate, delivery, retries } of scheduled) {
      // What is told of events too keeps its failures where theirs are: a function has one place for them.
      if (!told.includes(name)) keepFailures(lambda, this.deadLetters, retries)
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
