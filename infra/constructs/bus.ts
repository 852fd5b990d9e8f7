import { Aws, Duration } from 'aws-cdk-lib'
import { EventBus } from 'aws-cdk-lib/aws-events'
import { CfnRegistry } from 'aws-cdk-lib/aws-eventschemas'
import { Construct } from 'constructs'
import { namesOf } from './names.ts'
import { Schemas } from './schemas.ts'

/** The bus of public events, to which integrations subscribe, and the schemas that they can rely on. */
export class Bus extends Construct {
  readonly bus: EventBus

  constructor(scope: Construct) {
    super(scope, 'Bus')
    this.bus = new EventBus(this, 'Bus', {
      eventBusName: namesOf(this).bus,
      description: 'Public events of Drydock',
    })
    this.bus.archive('Archive', {
      description: 'Everything published, for replay to a new integration',
      eventPattern: { account: [Aws.ACCOUNT_ID] },
      retention: Duration.days(90),
    })
    const registryName = namesOf(this).bus
    const registry = new CfnRegistry(this, 'Schemas', {
      registryName,
      description: 'Public events of Drydock',
    })
    new Schemas(this, { registryName }).node.addDependency(registry)
  }
}
