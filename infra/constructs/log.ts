import { RemovalPolicy } from 'aws-cdk-lib'
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb'
import type { Key } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'
import { catalogueIndex } from '../../functions/environment.ts'
import { tableKey } from './encryption.ts'

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
  }
}
