import { RemovalPolicy } from 'aws-cdk-lib'
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb'
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Key } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'
import { catalogueIndex } from '../../functions/environment.ts'
import { tableKey } from './encryption.ts'

/**
 * What would change or remove a commit, or all of them. The table denies it to everybody, whatever rights an account gives them; whoever has to
 * do it all the same takes this policy away first, which is an event of CloudTrail. A put over a commit cannot be told from one of a
 * new commit by any policy: the writers' condition, the chain of hashes and the alarm on records that are no insertion stand against that.
 */
const changesOfCommits = [
  'BatchWriteItem',
  'DeleteItem',
  'DeleteTable',
  'PartiQLDelete',
  'PartiQLInsert',
  'PartiQLUpdate',
  'UpdateItem',
  'UpdateTimeToLive',
].map((action) => `dynamodb:${action}`)

/** The log of commits: the truth, of which everything else is derived. */
export class Log extends Construct {
  readonly table: Table
  readonly key: Key

  constructor(scope: Construct) {
    super(scope, 'Log')
    this.key = tableKey(this, 'Key', 'Drydock: the log and its views')
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'stream', type: AttributeType.STRING },
      sortKey: { name: 'commit', type: AttributeType.NUMBER },
      billingMode: BillingMode.PAY_PER_REQUEST,
      // Exactly two readers, projector and reactor: DynamoDB allows no more. Disabling the stream would orphan both.
      stream: StreamViewType.NEW_IMAGE,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.key,
    })
    this.table.addGlobalSecondaryIndex({
      indexName: catalogueIndex,
      partitionKey: { name: 'category', type: AttributeType.STRING },
      sortKey: { name: 'since', type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    })
    this.table.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AppendOnly',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: changesOfCommits,
        resources: ['*'], // this table: its own ARN would be a circle
      }),
    )
  }
}
