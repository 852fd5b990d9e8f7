import { CfnCondition, CfnParameter, Fn } from 'aws-cdk-lib'
import { CfnPolicy, PolicyDocument, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'

/** From which identities of SES e-mails may be sent, as a parameter: none, unless whoever deploys names them. */
export class Mail extends Construct {
  readonly #identities: string[]
  readonly #any: CfnCondition

  constructor(scope: Construct) {
    super(scope, 'Mail')
    const identities = new CfnParameter(this, 'MailIdentities', {
      type: 'CommaDelimitedList',
      description:
        'From which verified identities of SES e-mails may be sent, with commas between, as ARNs. Empty: none is sent',
      default: '',
      // Whether it is asked of the list or of each of its members: no entry is everything.
      allowedPattern: '((arn:aws[a-z-]*:ses:[^,: ]*:[^,: ]*:identity/[^,* ]+)(, ?|$))*',
      constraintDescription: 'ARNs of identities (arn:aws:ses:…:identity/example.com).',
    })
    identities.overrideLogicalId('MailIdentities')
    this.#identities = identities.valueAsList
    this.#any = new CfnCondition(this, 'SendsMail', {
      expression: Fn.conditionNot(Fn.conditionEquals(Fn.join(',', this.#identities), '')),
    })
    this.#any.overrideLogicalId('SendsMail')
  }

  /** Lets a role send e-mails from the identities that are named; where none is, it may not. */
  grant(scope: Construct, role: Role, actions: readonly string[]): void {
    const policy = new CfnPolicy(scope, 'Mail', {
      policyName: 'Mail',
      roles: [role.roleName],
      policyDocument: new PolicyDocument({
        statements: [new PolicyStatement({ actions: [...actions], resources: this.#identities })],
      }),
    })
    policy.cfnOptions.condition = this.#any
  }
}
