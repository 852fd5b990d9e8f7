import { CfnCondition, CfnOutput, CfnParameter, Fn, Validations } from 'aws-cdk-lib'
import { CfnPolicy, PolicyDocument, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'

/** Which documents of Systems Manager may be run, and on which nodes, as a parameter: none, unless whoever deploys names them. */
export class RunCommand extends Construct {
  readonly #allowed: string[]
  readonly #any: CfnCondition

  constructor(scope: Construct) {
    super(scope, 'RunCommand')
    const commands = new CfnParameter(this, 'RunCommands', {
      type: 'CommaDelimitedList',
      description:
        'What procedures may run by Systems Manager, with commas between: ARNs of documents, and of the instances on which they may run. Empty: nothing',
      default: '',
      // Whether it is asked of the list or of each of its members: no entry is everything.
      allowedPattern: '((arn:aws[a-z-]*:(ssm|ec2):[^,: ]*:[^,: ]*:[a-z-]+/[^, ]+)(, ?|$))*',
      constraintDescription:
        'ARNs of documents (arn:aws:ssm:…:document/…), instances (arn:aws:ec2:…:instance/…) and other managed nodes (arn:aws:ssm:…:managed-instance/…).',
    })
    commands.overrideLogicalId('RunCommands')
    this.#allowed = commands.valueAsList

    const joined = Fn.join(',', this.#allowed)
    this.#any = new CfnCondition(this, 'RunsCommands', {
      expression: Fn.conditionNot(Fn.conditionEquals(joined, '')),
    })
    this.#any.overrideLogicalId('RunsCommands')
    // Whoever asks why a command was refused finds here what is allowed.
    new CfnOutput(this, 'Allowed', { value: joined, condition: this.#any })
  }

  /** Lets a role send the commands that are allowed, and look how far they are; where none is, it may neither. */
  grant(
    scope: Construct,
    role: Role,
    { send, look }: { readonly send: readonly string[]; readonly look: readonly string[] },
  ): void {
    const policy = new CfnPolicy(scope, 'Commands', {
      policyName: 'Commands',
      roles: [role.roleName],
      policyDocument: new PolicyDocument({
        statements: [
          new PolicyStatement({ actions: [...send], resources: this.#allowed }),
          new PolicyStatement({ actions: [...look], resources: ['*'] }),
        ],
      }),
    })
    policy.cfnOptions.condition = this.#any
    Validations.of(policy).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'SSM knows no narrower right to look at commands, and it is granted only where some may be sent.',
    })
  }
}
