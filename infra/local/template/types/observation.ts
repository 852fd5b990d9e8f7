import { used } from '../shapes.ts'
import { arn, byArn, byLogicalId, noAccessControl, noMetrics, type ResourceType, without } from './type.ts'

/** What people watch a deployed stack by. One machine writes log files and has nothing to alarm anybody with. */
export const observationTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    identify: ({ name }) => ({ ref: name, attributes: { Arn: arn('logs', `log-group:${name}:*`) } }),
    properties: {
      LogGroupName: used,
      ...without('logs are files of the data directory', [
        'RetentionInDays',
        'KmsKeyId',
        'LogGroupClass',
        'Tags',
      ]),
    },
  },
  'AWS::CloudWatch::Alarm': {
    nameProperty: 'AlarmName',
    identify: ({ name }) => ({ ref: name, attributes: { Arn: arn('cloudwatch', `alarm:${name}`) } }),
    properties: without(noMetrics, [
      'ActionsEnabled',
      'AlarmActions',
      'AlarmDescription',
      'AlarmName',
      'ComparisonOperator',
      'DatapointsToAlarm',
      'Dimensions',
      'EvaluationPeriods',
      'ExtendedStatistic',
      'MetricName',
      'Metrics',
      'Namespace',
      'OKActions',
      'Period',
      'Statistic',
      'Threshold',
      'TreatMissingData',
      'Unit',
    ]),
  },
  'AWS::CloudWatch::Dashboard': {
    nameProperty: 'DashboardName',
    identify: ({ name }) => ({ ref: name, attributes: {} }),
    properties: without(noMetrics, ['DashboardBody', 'DashboardName']),
  },
  'AWS::SNS::Topic': {
    nameProperty: 'TopicName',
    identify: byArn('sns', ''),
    properties: without('only alarms publish to topics', [
      'DisplayName',
      'KmsMasterKeyId',
      'Tags',
      'TopicName',
    ]),
  },
  'AWS::SNS::TopicPolicy': {
    identify: byLogicalId,
    properties: without(noAccessControl, ['PolicyDocument', 'Topics']),
  },
  'AWS::CDK::Metadata': {
    identify: byLogicalId,
    properties: without('it is for usage statistics of CDK', ['Analytics']),
  },
}
