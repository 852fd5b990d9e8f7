import { list, noEffect, object, used } from '../shapes.ts'
import { arn, atRest, byName, descriptive, noAccessControl, type ResourceType } from './type.ts'

const deadLetterConfig = object({ Arn: used })
const retryPolicy = object({ MaximumEventAgeInSeconds: used, MaximumRetryAttempts: used })
const eventSchemas = 'published schemas are for those who look them up in the console'

const ruleArn: ResourceType['identify'] = ({ name, properties }) => {
  const bus = properties.EventBusName
  // A rule of another bus has that bus in its ARN, which is needed only by permissions.
  const path = bus === undefined ? name : `${typeof bus === 'string' ? bus : 'bus'}/${name}`
  return { ref: path, attributes: { Arn: arn('events', `rule/${path}`) } }
}

/** EventBridge with its buses and rules, and EventBridge Scheduler. */
export const eventTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::Events::EventBus': {
    nameProperty: 'Name',
    identify: ({ name }) => ({
      ref: name,
      attributes: { Arn: arn('events', `event-bus/${name}`), Name: name },
    }),
    properties: {
      Name: used,
      Description: noEffect(descriptive),
      KmsKeyIdentifier: noEffect(atRest),
      Policy: noEffect(noAccessControl),
      LogConfig: noEffect('deliveries are in the data directory'),
      Tags: noEffect(descriptive),
    },
  },
  'AWS::Events::Rule': {
    nameProperty: 'Name',
    identify: ruleArn,
    properties: {
      Name: used,
      EventBusName: used,
      EventPattern: used,
      State: used,
      Targets: list(
        object({
          Id: used,
          Arn: used,
          Input: used,
          InputPath: used,
          InputTransformer: used,
          DeadLetterConfig: deadLetterConfig,
          RetryPolicy: retryPolicy,
          RoleArn: noEffect(noAccessControl),
        }),
      ),
      Description: noEffect(descriptive),
    },
  },
  'AWS::Events::Archive': {
    nameProperty: 'ArchiveName',
    identify: byName('events', 'archive/'),
    properties: {
      ArchiveName: used,
      SourceArn: used,
      EventPattern: used,
      RetentionDays: used,
      Description: noEffect(descriptive),
      KmsKeyIdentifier: noEffect(atRest),
    },
  },
  'AWS::Events::EventBusPolicy': {
    identify: byName('events', 'policy/'),
    properties: {
      EventBusName: noEffect(noAccessControl),
      StatementId: noEffect(noAccessControl),
      Statement: noEffect(noAccessControl),
    },
  },
  'AWS::Scheduler::Schedule': {
    nameProperty: 'Name',
    identify: byName('scheduler', 'schedule/default/'),
    properties: {
      Name: used,
      GroupName: used,
      ScheduleExpression: used,
      ScheduleExpressionTimezone: used,
      StartDate: used,
      EndDate: used,
      State: used,
      FlexibleTimeWindow: used,
      Target: object({
        Arn: used,
        Input: used,
        DeadLetterConfig: deadLetterConfig,
        RetryPolicy: retryPolicy,
        RoleArn: used,
      }),
      Description: noEffect(descriptive),
      KmsKeyArn: noEffect(atRest),
    },
  },
  'AWS::Scheduler::ScheduleGroup': {
    nameProperty: 'Name',
    identify: byName('scheduler', 'schedule-group/'),
    properties: { Name: used, Tags: noEffect(descriptive) },
  },
  'AWS::EventSchemas::Registry': {
    nameProperty: 'RegistryName',
    identify: ({ name }) => ({
      ref: name,
      attributes: { RegistryName: name, RegistryArn: arn('schemas', `registry/${name}`) },
    }),
    properties: { RegistryName: used, Description: noEffect(descriptive), Tags: noEffect(descriptive) },
  },
  // The one stack in the stack holds the schemas, and a test holds it to that.
  'AWS::CloudFormation::Stack': {
    identify: byName('cloudformation', 'stack/'),
    properties: { TemplateURL: noEffect(eventSchemas), Tags: noEffect(descriptive) },
  },
}
