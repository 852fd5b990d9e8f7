import { Aws, Duration } from 'aws-cdk-lib'
import { EventBus } from 'aws-cdk-lib/aws-events'
import { CfnRegistry, CfnSchema } from 'aws-cdk-lib/aws-eventschemas'
import { Construct } from 'constructs'
import * as z from 'zod'
import { publicDetails, publicSource } from '../../events/public.ts'
import { namesOf } from './names.ts'

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
    this.publishSchemas()
  }

  /** One schema an event, as EventBridge names them: `source@DetailType`. The registry takes JSON Schema Draft 4 (AWS). */
  private publishSchemas(): void {
    const registry = new CfnRegistry(this, 'Schemas', {
      registryName: namesOf(this).bus,
      description: 'Public events of Drydock',
    })
    for (const [type, detail] of Object.entries(publicDetails)) {
      const schema = new CfnSchema(this, `Schema${type}`, {
        registryName: namesOf(this).bus,
        schemaName: `${publicSource}@${type}`,
        type: 'JSONSchemaDraft4',
        // As input, because fields that are added later are none of an error to who knows the earlier schema.
        content: JSON.stringify(z.toJSONSchema(detail, { target: 'draft-4', io: 'input' })),
      })
      schema.addResourceDependency(registry)
    }
  }
}
