import { noEffect, used } from '../shapes.ts'
import { arn, atRest, descriptive, noAccessControl, queueUrls, type ResourceType } from './type.ts'

/** Queues of SQS: dead letters, which people read. */
export const queueTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::SQS::Queue': {
    nameProperty: 'QueueName',
    identify: ({ name }) => ({
      ref: `${queueUrls}${name}`,
      attributes: { Arn: arn('sqs', name), QueueName: name },
    }),
    properties: {
      QueueName: used,
      MessageRetentionPeriod: used,
      SqsManagedSseEnabled: noEffect(atRest),
      KmsMasterKeyId: noEffect(atRest),
      KmsDataKeyReusePeriodSeconds: noEffect(atRest),
      VisibilityTimeout: noEffect('no function reads a queue'),
      Tags: noEffect(descriptive),
    },
  },
  'AWS::SQS::QueuePolicy': {
    identify: ({ logicalId }) => ({ ref: logicalId, attributes: {} }),
    properties: { PolicyDocument: noEffect(noAccessControl), Queues: noEffect(noAccessControl) },
  },
}
