import { Duration, Validations } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { EventSourceMapping, type Function as Lambda, StartingPosition } from 'aws-cdk-lib/aws-lambda'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import type { Log } from './log.ts'

/**
 * Lets a function read the log's stream. Nothing waits to fill a batch: batches grow by themselves while a batch is in work, and an
 * upgrade's next wave waits for its last outcome. What stays broken for six hours goes to the queue, which holds where it was
 * and not the records; `reconcile` repairs from the log.
 */
export function readStream(
  scope: Construct,
  log: Log,
  reader: Lambda,
  { queue, lanes }: { readonly queue: Queue; readonly lanes: number },
): void {
  const streamArn = log.table.tableStreamArn
  if (streamArn === undefined) throw new Error('The log table has no stream.')

  new EventSourceMapping(scope, 'Stream', {
    target: reader,
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
    onFailure: { bind: () => ({ destination: queue.queueArn }) },
  })
  reader.addToRolePolicy(
    new PolicyStatement({
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      resources: [streamArn],
    }),
  )
  reader.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:ListStreams'], resources: ['*'] }))
  reader.addToRolePolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queue.queueArn] }))
  if (reader.role === undefined) throw new Error('The reader of the stream has no role.')
  Validations.of(reader.role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'dynamodb:ListStreams, which an event source mapping needs, cannot be granted on less. It names streams, no data.',
  })
}
