import { list, noEffect, object, oneOf, used } from '../shapes.ts'
import { arn, atRest, descriptive, noMetrics, type ResourceType } from './type.ts'

const projection = object({ ProjectionType: used, NonKeyAttributes: used })
const noCapacity = 'one machine has no capacity to buy or to limit'
const pointInTime = noEffect('one machine is backed up by copying its data directory')
const billing = oneOf(
  ['PAY_PER_REQUEST'],
  'the emulator does not throttle, so provisioned capacity would look free of limits',
)

const index = object({
  IndexName: used,
  KeySchema: used,
  Projection: projection,
  OnDemandThroughput: noEffect(noCapacity),
  WriteOnDemandThroughputSettings: noEffect(noCapacity),
  ContributorInsightsSpecification: noEffect(noMetrics),
})

const common = {
  TableName: used,
  AttributeDefinitions: used,
  KeySchema: used,
  BillingMode: billing,
  GlobalSecondaryIndexes: list(index),
  LocalSecondaryIndexes: list(object({ IndexName: used, KeySchema: used, Projection: projection })),
  StreamSpecification: object({ StreamViewType: used }),
  TimeToLiveSpecification: object({ AttributeName: used, Enabled: used }),
  SSESpecification: noEffect(atRest),
}

// Streams are told apart by table: there is one stream a table, as long as the data directory lives.
const identify: ResourceType['identify'] = ({ name }) => ({
  ref: name,
  attributes: {
    Arn: arn('dynamodb', `table/${name}`),
    StreamArn: arn('dynamodb', `table/${name}/stream/local`),
  },
})

/** DynamoDB tables, in both spellings of CDK. */
export const tableTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::DynamoDB::Table': {
    nameProperty: 'TableName',
    identify,
    properties: {
      ...common,
      DeletionProtectionEnabled: used,
      PointInTimeRecoverySpecification: pointInTime,
      ContributorInsightsSpecification: noEffect(noMetrics),
      OnDemandThroughput: noEffect(noCapacity),
      ResourcePolicy: used,
      TableClass: noEffect('it changes the price only'),
      Tags: noEffect(descriptive),
    },
  },
  'AWS::DynamoDB::GlobalTable': {
    nameProperty: 'TableName',
    identify,
    properties: {
      ...common,
      WriteOnDemandThroughputSettings: noEffect(noCapacity),
      Replicas: list(
        object({
          Region: oneOf(['eu-central-1'], 'one machine is one region'),
          DeletionProtectionEnabled: used,
          PointInTimeRecoverySpecification: pointInTime,
          ContributorInsightsSpecification: noEffect(noMetrics),
          GlobalSecondaryIndexes: noEffect(noCapacity),
          SSESpecification: noEffect(atRest),
          TableClass: noEffect('it changes the price only'),
          Tags: noEffect(descriptive),
        }),
      ),
    },
  },
}
