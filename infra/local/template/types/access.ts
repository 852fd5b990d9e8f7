import { list, noEffect, oneOf, used } from '../shapes.ts'
import {
  arn,
  atRest,
  byLogicalId,
  byName,
  descriptive,
  noAccessControl,
  type ResourceType,
  without,
} from './type.ts'

const ownIssuer = 'tokens of one machine come from its own issuer'

/** Who may do what: roles with their policies, keys, user pools. */
export const accessTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::IAM::Role': {
    nameProperty: 'RoleName',
    identify: ({ name }) => ({
      ref: name,
      attributes: { Arn: `arn:aws:iam::000000000000:role/${name}`, RoleId: name },
    }),
    properties: {
      RoleName: used,
      ...without(noAccessControl, ['AssumeRolePolicyDocument', 'Path', 'Description', 'Tags']),
      ManagedPolicyArns: list(oneOf([], 'policies that AWS keeps are not known here')),
      Policies: used,
    },
  },
  'AWS::IAM::Policy': {
    identify: byLogicalId,
    properties: { PolicyDocument: used, Roles: used, PolicyName: noEffect(descriptive) },
  },
  'AWS::KMS::Key': {
    identify: ({ logicalId }) => ({
      ref: logicalId,
      attributes: { Arn: arn('kms', `key/${logicalId}`), KeyId: logicalId },
    }),
    properties: {
      KeyUsage: oneOf(['ENCRYPT_DECRYPT', 'SIGN_VERIFY'], 'nothing else is done with keys here'),
      KeySpec: oneOf(['SYMMETRIC_DEFAULT', 'ECC_NIST_EDWARDS25519'], 'the keys that sign here are Ed25519'),
      ...without(atRest, [
        'Description',
        'EnableKeyRotation',
        'KeyPolicy',
        'PendingWindowInDays',
        'RotationPeriodInDays',
        'Tags',
      ]),
    },
  },
  'AWS::KMS::Alias': {
    nameProperty: 'AliasName',
    identify: byName('kms', ''),
    properties: without(atRest, ['AliasName', 'TargetKeyId']),
  },
  'AWS::Cognito::UserPool': {
    identify: ({ logicalId }) => ({
      ref: `eu-central-1_${logicalId}`,
      attributes: {
        Arn: arn('cognito-idp', `userpool/eu-central-1_${logicalId}`),
        ProviderName: `cognito-idp.eu-central-1.amazonaws.com/eu-central-1_${logicalId}`,
        ProviderURL: `https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_${logicalId}`,
        UserPoolId: `eu-central-1_${logicalId}`,
      },
    }),
    properties: without(ownIssuer, [
      'AccountRecoverySetting',
      'AdminCreateUserConfig',
      'AutoVerifiedAttributes',
      'DeletionProtection',
      'EmailVerificationMessage',
      'EmailVerificationSubject',
      'EnabledMfas',
      'MfaConfiguration',
      'Policies',
      'Schema',
      'SmsVerificationMessage',
      'UserPoolAddOns',
      'UserPoolName',
      'UserPoolTags',
      'UserPoolTier',
      'UsernameAttributes',
      'VerificationMessageTemplate',
    ]),
  },
  'AWS::Cognito::UserPoolClient': {
    identify: ({ logicalId }) => ({ ref: logicalId, attributes: { ClientId: logicalId } }),
    properties: without(ownIssuer, [
      'AccessTokenValidity',
      'AllowedOAuthFlows',
      'AllowedOAuthFlowsUserPoolClient',
      'AllowedOAuthScopes',
      'CallbackURLs',
      'ClientName',
      'ExplicitAuthFlows',
      'GenerateSecret',
      'IdTokenValidity',
      'PreventUserExistenceErrors',
      'RefreshTokenValidity',
      'SupportedIdentityProviders',
      'TokenValidityUnits',
      'UserPoolId',
    ]),
  },
  'AWS::Cognito::UserPoolDomain': {
    identify: byLogicalId,
    properties: without(ownIssuer, ['Domain', 'UserPoolId']),
  },
  'AWS::Cognito::UserPoolGroup': {
    identify: byLogicalId,
    properties: without(ownIssuer, ['Description', 'GroupName', 'Precedence', 'UserPoolId']),
  },
}
