import { CfnOutput, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib'
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms'
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'

/** Where the streams stood, day by day, signed: what proves that an end of the log was cut off. No writer of the log can write here. */
export class Heads extends Construct {
  readonly bucket: Bucket
  readonly key: Key

  constructor(scope: Construct) {
    super(scope, 'Heads')
    this.key = new Key(this, 'Key', {
      description: 'Drydock: signs where the streams of the log stand',
      keySpec: KeySpec.ECC_NIST_EDWARDS25519,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    this.bucket = new Bucket(this, 'Bucket', {
      versioned: true,
      objectLockEnabled: true,
      // Governance, not compliance: administrators of the account are trusted, and a stack that was tried out can be removed.
      objectLockDefaultRetention: ObjectLockRetention.governance(Duration.days(3650)),
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      // Names, numbers and hashes: a key of our own would add a grant for whoever verifies.
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'OnlyNewNames',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['s3:PutObject'],
        resources: [this.bucket.arnForObjects('*')],
        conditions: { Null: { 's3:if-none-match': 'true' } },
      }),
    )
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'One function writes here once a day what is signed and never changes; CloudTrail tells who tried anything else.',
    })
    new CfnOutput(this, 'BucketName', { value: this.bucket.bucketName })
    new CfnOutput(this, 'KeyId', { value: this.key.keyId })
  }
}
