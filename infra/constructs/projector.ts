import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Functions } from './functions.ts'
import type { Log } from './log.ts'
import { deadLetters } from './queue.ts'
import { readStream } from './stream.ts'

/** The first reader of the log's stream: folds every commit into the views. */
export class Projector extends Construct {
  readonly deadLetters: Queue

  constructor(scope: Construct, { log, functions }: { readonly log: Log; readonly functions: Functions }) {
    super(scope, 'Projector')
    this.deadLetters = deadLetters(this)
    readStream(this, log, functions.all.projector, { queue: this.deadLetters, lanes: 10 })
  }
}
