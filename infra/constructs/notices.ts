import { Rule } from 'aws-cdk-lib/aws-events'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { publicSource } from '../../events/public.ts'
import type { Bus } from './bus.ts'
import type { Functions } from './functions.ts'
import { deadLetters, keepFailures, untilLost } from './queue.ts'

/** Has people and programs told of public events, as they come: what an archive replays tells nobody again. */
export class Notices extends Construct {
  readonly deadLetters: Queue

  constructor(scope: Construct, { bus, functions }: { readonly bus: Bus; readonly functions: Functions }) {
    super(scope, 'Notices')
    this.deadLetters = deadLetters(this)
    const told = functions.on('public event')
    for (const { lambda, retries } of told) keepFailures(lambda, this.deadLetters, retries)
    new Rule(this, 'Told', {
      description: 'People and programs are told of public events',
      eventBus: bus.bus,
      eventPattern: { source: [publicSource], 'replay-name': [{ exists: false }] } as object,
      targets: told.map(({ lambda }) => untilLost(lambda, this.deadLetters)),
    })
  }
}
