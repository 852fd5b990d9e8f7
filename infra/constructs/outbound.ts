import { CfnCondition, CfnOutput, CfnParameter, Fn } from 'aws-cdk-lib'
import { Construct } from 'constructs'

/** Which other systems the functions may call, as a parameter: nothing, unless whoever deploys names it. */
export class Outbound extends Construct {
  /** As `functions/executors/outbound-hosts.ts` reads it. */
  readonly hosts: string

  constructor(scope: Construct) {
    super(scope, 'Outbound')
    const hosts = new CfnParameter(this, 'OutboundHosts', {
      type: 'String',
      description:
        'What may be called over HTTPS, with commas between: hosts, *.suffix, addresses, CIDRs, each with :port where it is another; http:// in front lets it be called in the clear. Empty: nothing',
      default: '',
      // The environment of a function has room for four thousand characters.
      maxLength: 2000,
      allowedPattern: '[a-z0-9.:/*, \\[\\]-]*',
      constraintDescription: 'Lower-case hosts, addresses and CIDRs between commas.',
    })
    hosts.overrideLogicalId('OutboundHosts')
    this.hosts = hosts.valueAsString

    // Whoever asks why a call was refused finds here what is allowed.
    const any = new CfnCondition(this, 'CallsOthers', {
      expression: Fn.conditionNot(Fn.conditionEquals(this.hosts, '')),
    })
    any.overrideLogicalId('CallsOthers')
    new CfnOutput(this, 'Hosts', { value: this.hosts, condition: any })
  }
}
