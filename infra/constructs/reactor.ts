import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Functions } from './functions.ts'
import type { Log } from './log.ts'
import { deadLetters } from './queue.ts'
import { readStream } from './stream.ts'

/** The second reader of the log's stream: does what follows from every commit. */
export class Reactor extends Construct {
  readonly deadLetters: Queue

  constructor(scope: Construct, { log, functions }: { readonly log: Log; readonly functions: Functions }) {
    super(scope, 'Reactor')
    this.deadLetters = deadLetters(this)
    // Every lane records outcomes in the same upgrade's stream, and those that lose the race pay for their writes: few lanes
    // take larger batches and meet seldom.
    readStream(this, log, functions.all.reactor, { queue: this.deadLetters, lanes: 2 })
  }
}
