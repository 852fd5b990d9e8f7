import { noEffect, object, oneOf, used } from '../shapes.ts'
import { arn, atRest, descriptive, noAccessControl, type ResourceType } from './type.ts'

/** State machines of Step Functions. */
export const machineTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::StepFunctions::StateMachine': {
    nameProperty: 'StateMachineName',
    identify: ({ name }) => {
      const machineArn = arn('states', `stateMachine:${name}`)
      return { ref: machineArn, attributes: { Arn: machineArn, Name: name } }
    },
    properties: {
      StateMachineName: used,
      StateMachineType: oneOf(['STANDARD'], 'an Express execution has neither tokens nor a lasting history'),
      DefinitionS3Location: object({ Bucket: noEffect('assets lie beside the template'), Key: used }),
      DefinitionString: used,
      DefinitionSubstitutions: used,
      RoleArn: noEffect(noAccessControl),
      LoggingConfiguration: noEffect('the history of every execution is kept in the data directory'),
      TracingConfiguration: noEffect('there is no X-Ray'),
      EncryptionConfiguration: noEffect(atRest),
      Tags: noEffect(descriptive),
    },
  },
}
