import { Duration, Validations } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Triggered } from './functions.ts'
import type { Log } from './log.ts'
import { idOf } from './names.ts'
import { deadLetters } from './queue.ts'

/**
 * A function that reads the log's stream; DynamoDB allows two. Nothing waits to fill a batch: batches grow by themselves while a batch is
 * in work, and an upgrade's next wave waits for its last outcome. What stays broken for six hours goes to a queue, which holds
 * where it was and not the records; `reconcile` repairs from the log.
 */
export class LogReader extends Construct {
  readonly deadLetters: Queue

  constructor(
    scope: Construct,
    { log, reader }: { readonly log: Log; readonly reader: Triggered<'commit'> },
  ) {
    const { name, lambda, lanes } = reader
    super(scope, idOf(name))
    this.deadLetters = deadLetters(this)
    const streamArn = log.table.tableStreamArn
    if (streamArn === undefined) throw new Error('The log table has no stream.')

    new EventSourceMapping(this, 'Stream', {
      target: lambda,
      eventSourceArn: streamArn,
      // LATEST can miss commits while a mapping is created or changed.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      maxBatchingWindow: Duration.seconds(0),
      // Batches of a shard side by side; DynamoDB keeps the order of each item, and gaps are healed from the log.
      parallelizationFactor: lanes,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: 100,
      maxRecordAge: Duration.hours(6),
      onFailure: { bind: () => ({ destination: this.deadLetters.queueArn }) },
    })
    lambda.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
        resources: [streamArn],
      }),
    )
    lambda.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:ListStreams'], resources: ['*'] }))
    lambda.addToRolePolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.deadLetters.queueArn] }),
    )
    if (lambda.role === undefined) throw new Error('The reader of the stream has no role.')
    Validations.of(lambda.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'dynamodb:ListStreams, which an event source mapping needs, cannot be granted on less. It names streams, no data.',
    })
  }
}
