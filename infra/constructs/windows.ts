import { Aws } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { namesOf, windowsFunctionArn } from './names.ts'
import { deadLetters } from './queue.ts'

/** What the one-shot schedules of windows need: their group, whom they act as, and where a lost firing goes. */
export class Windows extends Construct {
  readonly role: Role
  readonly deadLetters: Queue

  constructor(scope: Construct) {
    super(scope, 'Windows')
    new CfnScheduleGroup(this, 'Group', { name: namesOf(this).windowsGroup })
    this.deadLetters = deadLetters(this)
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    })
    this.role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [windowsFunctionArn(this)] }),
    )
    this.role.addToPolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.deadLetters.queueArn] }),
    )
  }
}
