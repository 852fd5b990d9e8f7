import type { Role } from 'aws-cdk-lib/aws-iam'
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { functionArn, namesOf } from './names.ts'
import { deadLetters } from './queue.ts'
import { schedulerRole } from './scheduler-role.ts'

/** What the one-shot schedules of windows need: their group, whom they act as, and where a lost firing goes. */
export class Windows extends Construct {
  readonly role: Role
  readonly deadLetters: Queue

  constructor(scope: Construct) {
    super(scope, 'Windows')
    const { windowsGroup: group } = namesOf(this)
    new CfnScheduleGroup(this, 'Group', { name: group })
    this.deadLetters = deadLetters(this)
    this.role = schedulerRole(this, {
      group,
      calls: [functionArn(this, 'windowsFunction')],
      lost: this.deadLetters,
    })
  }
}
