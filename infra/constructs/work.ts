import { RemovalPolicy, Validations } from 'aws-cdk-lib'
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import { Construct } from 'constructs'
import { tableKey } from './encryption.ts'

/** Working state: task tokens, last-seen, parked duties. Losing it costs latency only. */
export class Work extends Construct {
  readonly table: Table

  constructor(scope: Construct) {
    super(scope, 'Work')
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'item', type: AttributeType.STRING },
      sortKey: { name: 'detail', type: AttributeType.STRING },
      timeToLiveAttribute: 'expires',
      billingMode: BillingMode.PAY_PER_REQUEST,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      // Task tokens are secrets: they have a key apart from the log's (S9).
      encryptionKey: tableKey(this, 'Key', 'Drydock: task tokens and other working state'),
    })
    Validations.of(this.table).acknowledge({
      id: 'AwsSolutions-DDB3',
      reason:
        'A restored token would be void. Losing this table costs latency only: every wait has a timeout that asks the log.',
    })
  }
}
