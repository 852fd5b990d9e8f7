import { CfnParameter } from 'aws-cdk-lib'
import { Construct } from 'constructs'

/** Whether releases may be rolled out that nobody has signed, as a parameter: not, unless whoever deploys says so. */
export class Catalogue extends Construct {
  readonly unsignedReleases: string

  constructor(scope: Construct) {
    super(scope, 'Catalogue')
    const unsigned = new CfnParameter(this, 'UnsignedReleases', {
      type: 'String',
      description:
        'Releases that nobody has signed: refused, or allowed. Where they are refused nothing is published, planned or handed over without enough signatures by registered keys',
      default: 'refused',
      allowedValues: ['refused', 'allowed'],
    })
    unsigned.overrideLogicalId('UnsignedReleases')
    this.unsignedReleases = unsigned.valueAsString
  }
}
