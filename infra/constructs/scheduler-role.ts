import { Aws, Stack } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'

/**
 * Returns whom the Scheduler acts as for the schedules of one group: it may call these functions, and keep in a queue what it could not
 * deliver. AWS says of the source that it is the group, never a schedule.
 */
export function schedulerRole(
  scope: Construct,
  { group, calls, lost }: { readonly group: string; readonly calls: readonly string[]; readonly lost: Queue },
): Role {
  const source = Stack.of(scope).formatArn({
    service: 'scheduler',
    resource: 'schedule-group',
    resourceName: group,
  })
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
        ArnEquals: { 'aws:SourceArn': source },
      },
    }),
  })
  role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [...calls] }))
  role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [lost.queueArn] }))
  return role
}
