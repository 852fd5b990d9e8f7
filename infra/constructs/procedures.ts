import { Aws, RemovalPolicy, Validations } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { functionArn, namesOf, procedureMachineArns } from './names.ts'

/** What the state machines of procedures need, which are made when procedures are stored: whom they act as, and where they log. */
export class Procedures extends Construct {
  readonly role: Role
  readonly logs: LogGroup

  constructor(scope: Construct) {
    super(scope, 'Procedures')
    this.logs = new LogGroup(this, 'Logs', {
      logGroupName: namesOf(this).procedureLogs,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          ArnLike: { 'aws:SourceArn': `${procedureMachineArns(this)}*` },
        },
      }),
    })
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: [functionArn(this, 'stepFunction'), functionArn(this, 'helmFunction')],
      }),
    )
    this.role.addToPolicy(
      new PolicyStatement({
        // What Step Functions asks of a role whose machines log (AWS).
        actions: [
          'logs:CreateLogDelivery',
          'logs:DeleteLogDelivery',
          'logs:DescribeLogGroups',
          'logs:DescribeResourcePolicies',
          'logs:GetLogDelivery',
          'logs:ListLogDeliveries',
          'logs:PutResourcePolicy',
          'logs:UpdateLogDelivery',
        ],
        resources: ['*'],
      }),
    )
    Validations.of(this.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Log delivery, which writes the execution log, can only be granted on everything.',
    })
  }
}
