import { Rule } from 'aws-cdk-lib/aws-events'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Functions } from './functions.ts'
import { type Driven, idOf } from './names.ts'
import { deadLetters, keepFailures, untilLost } from './queue.ts'

/** Notices when an execution ends before what it drives: the log hears of it, and the next generation takes over. */
export class Ends extends Construct {
  readonly deadLetters: Queue

  constructor(
    scope: Construct,
    {
      of,
      machines,
      functions,
    }: {
      readonly of: Driven
      /** What the ARNs of the state machines match, as EventBridge writes it. */
      readonly machines: readonly (string | { readonly prefix: string })[]
      readonly functions: Functions
    },
  ) {
    super(scope, `${idOf(of)}Ends`)
    this.deadLetters = deadLetters(this)
    const told = functions.on('end of an execution').filter((trigger) => trigger.of === of)
    for (const { lambda, retries } of told) keepFailures(lambda, this.deadLetters, retries)
    new Rule(this, 'Ended', {
      description: `An execution ended before its ${of}: the next generation takes over`,
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'], stateMachineArn: [...machines] },
      },
      targets: told.map(({ lambda }) => untilLost(lambda, this.deadLetters)),
    })
  }
}
