import { NestedStack } from 'aws-cdk-lib'
import { CfnSchema } from 'aws-cdk-lib/aws-eventschemas'
import type { Construct } from 'constructs'
import * as z from 'zod'
import { publicDetails, publicSource } from '../../events/public.ts'

/**
 * The schemas of public events, for integrations to rely on, in a registry that is there already. A stack of their own in the stack: there are more with
 * each event, and CloudFormation takes 500 resources a template.
 */
export class Schemas extends NestedStack {
  constructor(scope: Construct, { registryName }: { readonly registryName: string }) {
    super(scope, 'EventSchemas', { description: 'Drydock: schemas of public events' })
    // One an event, as EventBridge names them: `source@DetailType`. The registry takes JSON Schema Draft 4 (AWS).
    for (const [type, detail] of Object.entries(publicDetails)) {
      new CfnSchema(this, type, {
        registryName,
        schemaName: `${publicSource}@${type}`,
        type: 'JSONSchemaDraft4',
        // As input, because fields that are added later are none of an error to who knows the earlier schema.
        content: JSON.stringify(z.toJSONSchema(detail, { target: 'draft-4', io: 'input' })),
      })
    }
  }
}
