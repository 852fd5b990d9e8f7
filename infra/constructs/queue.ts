import { Duration, Validations } from 'aws-cdk-lib'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Function as Lambda } from 'aws-cdk-lib/aws-lambda'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'

/** Returns a queue for what could not be delivered: the end of a road, kept as long as SQS allows and watched by an alarm. */
export function deadLetters(scope: Construct): Queue {
  const queue = new Queue(scope, 'DeadLetters', {
    // References to records and identifiers only, no secrets: a key of our own would add a grant for every sender.
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  })
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'This is a dead-letter queue itself.',
  })
  return queue
}

/**
 * Sends what a function could not do to a queue, when it was invoked without anybody waiting for its answer. The schedule or the rule
 * that invoked it sees only whether Lambda took the event, so its own queue would stay empty.
 */
export function keepFailures(lambda: Lambda, queue: Queue, retryAttempts: 0 | 1 | 2): void {
  lambda.addToRolePolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queue.queueArn] }))
  lambda.configureAsyncInvoke({ retryAttempts, onFailure: { bind: () => ({ destination: queue.queueArn }) } })
}

/** Returns how a rule hands events to a function: for a day, as long as EventBridge tries by itself (AWS), and then to a queue. */
export function untilLost(lambda: Lambda, queue: Queue): LambdaFunction {
  return new LambdaFunction(lambda, {
    deadLetterQueue: queue,
    retryAttempts: 185,
    maxEventAge: Duration.hours(24),
  })
}
