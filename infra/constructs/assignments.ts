import { RemovalPolicy } from 'aws-cdk-lib'
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'

/** What says to agents which attempt is for which of them: a key that signs nothing else. */
export class Assignments extends Construct {
  readonly key: Key

  constructor(scope: Construct) {
    super(scope, 'Assignments')
    this.key = new Key(this, 'Key', {
      description: 'Drydock: signs which attempt is for which target',
      keySpec: KeySpec.ECC_NIST_EDWARDS25519,
      keyUsage: KeyUsage.SIGN_VERIFY,
      // Agents have its public half in their files, and take updates from no other.
      removalPolicy: RemovalPolicy.RETAIN,
    })
  }
}
