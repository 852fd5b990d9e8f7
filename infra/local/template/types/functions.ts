import { list, noEffect, object, oneOf, used } from '../shapes.ts'
import {
  atRest,
  byArn,
  byLogicalId,
  byName,
  descriptive,
  noAccessControl,
  noMetrics,
  type ResourceType,
} from './type.ts'

const destination = object({ OnFailure: object({ Destination: used }) })

/** Lambda functions and what invokes them. */
export const functionTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::Lambda::Function': {
    nameProperty: 'FunctionName',
    identify: byName('lambda', 'function:'),
    properties: {
      FunctionName: used,
      Code: object({ S3Bucket: noEffect('assets lie beside the template'), S3Key: used }),
      Handler: used,
      Environment: object({ Variables: used }),
      Timeout: used,
      MemorySize: used,
      ReservedConcurrentExecutions: used,
      Runtime: oneOf(['nodejs24.x'], 'handlers run in threads of the runtime, which is Node 24'),
      PackageType: oneOf(['Zip'], 'there is no container runtime'),
      Architectures: noEffect('bundles are JavaScript'),
      Description: noEffect(descriptive),
      Role: used,
      Layers: used,
      LoggingConfig: noEffect('each function logs JSON lines to logs/<function>.log of the data directory'),
      TracingConfig: noEffect('there is no X-Ray'),
      KmsKeyArn: noEffect(atRest),
      Tags: noEffect(descriptive),
    },
  },
  'AWS::Lambda::LayerVersion': {
    identify: byArn('lambda', 'layer:'),
    properties: {
      Content: object({ S3Bucket: noEffect('assets lie beside the template'), S3Key: used }),
      Description: noEffect(descriptive),
      LicenseInfo: noEffect(descriptive),
    },
  },
  'AWS::Lambda::EventSourceMapping': {
    identify: byLogicalId,
    properties: {
      EventSourceArn: used,
      FunctionName: used,
      BatchSize: used,
      MaximumBatchingWindowInSeconds: used,
      ParallelizationFactor: used,
      StartingPosition: oneOf(['TRIM_HORIZON'], 'LATEST can miss records while a mapping is created'),
      FunctionResponseTypes: list(oneOf(['ReportBatchItemFailures'], 'it is the only one that exists')),
      BisectBatchOnFunctionError: used,
      MaximumRetryAttempts: used,
      MaximumRecordAgeInSeconds: used,
      DestinationConfig: destination,
      FilterCriteria: object({ Filters: list(object({ Pattern: used })) }),
      Enabled: used,
      Tags: noEffect(descriptive),
      MetricsConfig: noEffect(noMetrics),
    },
  },
  'AWS::Lambda::EventInvokeConfig': {
    identify: byLogicalId,
    properties: {
      FunctionName: used,
      Qualifier: oneOf(['$LATEST'], 'functions have no versions here'),
      MaximumRetryAttempts: used,
      MaximumEventAgeInSeconds: used,
      DestinationConfig: destination,
    },
  },
  'AWS::Lambda::Permission': {
    identify: byLogicalId,
    properties: {
      Action: noEffect(noAccessControl),
      FunctionName: noEffect(noAccessControl),
      Principal: noEffect(noAccessControl),
      SourceArn: noEffect(noAccessControl),
      SourceAccount: noEffect(noAccessControl),
    },
  },
}
