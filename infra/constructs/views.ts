import { RemovalPolicy, Validations } from 'aws-cdk-lib'
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import type { Key } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'

/** The views: rows that answer reads, each a fold of the log. */
export class Views extends Construct {
  readonly table: Table

  constructor(scope: Construct, { key }: { readonly key: Key }) {
    super(scope, 'Views')
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'view', type: AttributeType.STRING },
      sortKey: { name: 'row', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: key,
    })
    Validations.of(this.table).acknowledge({
      id: 'AwsSolutions-DDB3',
      reason: 'Views are never restored: they are rebuilt from the log, which has point-in-time recovery.',
    })
  }
}
