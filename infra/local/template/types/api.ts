import { noEffect, used } from '../shapes.ts'
import { byLogicalId, descriptive, type ResourceType } from './type.ts'

/** Stands for the address of the HTTP API, which is known only once that listens: whoever is told it is told the real one. */
export const anyAddress = 'http://address-of-the-http-api.invalid'

// The local gateway checks the values and inner properties itself, as it alone knows what it implements.
/** HTTP APIs of API Gateway. */
export const apiTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::ApiGatewayV2::Api': {
    identify: ({ logicalId }) => ({
      ref: logicalId,
      attributes: { ApiEndpoint: anyAddress, ApiId: logicalId },
    }),
    properties: {
      Name: used,
      ProtocolType: used,
      CorsConfiguration: used,
      DisableExecuteApiEndpoint: used,
      Description: noEffect(descriptive),
      Tags: noEffect(descriptive),
    },
  },
  'AWS::ApiGatewayV2::Stage': {
    nameProperty: 'StageName',
    identify: ({ name }) => ({ ref: name, attributes: {} }),
    properties: {
      ApiId: used,
      StageName: used,
      DefaultRouteSettings: used,
      RouteSettings: used,
      StageVariables: used,
      AutoDeploy: noEffect('every start deploys'),
      AccessLogSettings: noEffect('one machine keeps no access log'),
      Description: noEffect(descriptive),
      Tags: noEffect(descriptive),
    },
  },
  'AWS::ApiGatewayV2::Route': {
    identify: byLogicalId,
    properties: {
      ApiId: used,
      RouteKey: used,
      Target: used,
      AuthorizationType: used,
      AuthorizerId: used,
      AuthorizationScopes: used,
      OperationName: noEffect(descriptive),
    },
  },
  'AWS::ApiGatewayV2::Integration': {
    identify: byLogicalId,
    properties: {
      ApiId: used,
      IntegrationType: used,
      IntegrationUri: used,
      IntegrationMethod: used,
      PayloadFormatVersion: used,
      TimeoutInMillis: used,
      Description: noEffect(descriptive),
    },
  },
  'AWS::ApiGatewayV2::DomainName': {
    nameProperty: 'DomainName',
    identify: ({ name }) => ({
      ref: name,
      attributes: { RegionalDomainName: name, RegionalHostedZoneId: 'local' },
    }),
    properties: {
      DomainName: used,
      MutualTlsAuthentication: used,
      DomainNameConfigurations: noEffect('the runtime is started with the files of its certificate'),
      Tags: noEffect(descriptive),
    },
  },
  'AWS::ApiGatewayV2::ApiMapping': {
    identify: byLogicalId,
    properties: { ApiId: used, DomainName: used, Stage: used, ApiMappingKey: used },
  },
  'AWS::ApiGatewayV2::Authorizer': {
    identify: byLogicalId,
    properties: {
      ApiId: used,
      Name: used,
      AuthorizerType: used,
      IdentitySource: used,
      JwtConfiguration: used,
      AuthorizerUri: used,
      AuthorizerPayloadFormatVersion: used,
      EnableSimpleResponses: used,
      AuthorizerResultTtlInSeconds: used,
    },
  },
}
