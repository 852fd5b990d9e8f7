import { noEffect, object, oneOf, used } from '../shapes.ts'
import { atRest, byLogicalId, descriptive, noAccessControl, type ResourceType } from './type.ts'

/** Buckets of S3 whose objects are written once: files below `buckets/` of the data directory. */
export const bucketTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    identify: ({ name }) => ({ ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } }),
    properties: {
      BucketName: noEffect('it is in the name of the directory'),
      ObjectLockEnabled: oneOf([true], 'objects are never written over here, nor removed'),
      VersioningConfiguration: object({ Status: oneOf(['Enabled'], 'no object has a second version here') }),
      ObjectLockConfiguration: noEffect('who may remove files of the data directory may remove these'),
      BucketEncryption: noEffect(atRest),
      OwnershipControls: noEffect(noAccessControl),
      PublicAccessBlockConfiguration: noEffect(noAccessControl),
      Tags: noEffect(descriptive),
    },
  },
  'AWS::S3::BucketPolicy': {
    identify: byLogicalId,
    properties: { Bucket: used, PolicyDocument: used },
  },
}
