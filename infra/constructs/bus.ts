import { Aws, Duration } from 'aws-cdk-lib'
import { EventBus } from 'aws-cdk-lib/aws-events'
import { Construct } from 'constructs'
import { names } from './names.ts'

/** The bus of public events, to which integrations subscribe. */
export class Bus extends Construct {
  readonly bus: EventBus

  constructor(scope: Construct) {
    super(scope, 'Bus')
    this.bus = new EventBus(this, 'Bus', { eventBusName: names.bus, description: 'Public events of Drydock' })
    this.bus.archive('Archive', {
      description: 'Everything published, for replay to a new integration',
      eventPattern: { account: [Aws.ACCOUNT_ID] },
      retention: Duration.days(90),
    })
  }
}
