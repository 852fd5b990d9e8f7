import {
  CfnCondition,
  CfnOutput,
  CfnParameter,
  CfnResource,
  CfnRule,
  Duration,
  Fn,
  RemovalPolicy,
  Validations,
} from 'aws-cdk-lib'
import {
  AccountRecovery,
  CfnUserPoolGroup,
  Mfa,
  UserPool,
  type UserPoolClient,
} from 'aws-cdk-lib/aws-cognito'
import { Construct } from 'constructs'
import { roles } from '../../contracts/routes.ts'

/**
 * Who people and tooling are: any OpenID Connect issuer, given by parameters. Without them the stack brings a Cognito user pool
 * with a group for each role.
 */
export class Identity extends Construct {
  readonly issuer: string
  readonly audience: string
  readonly roleClaim: string

  constructor(scope: Construct) {
    super(scope, 'Identity')
    const issuer = parameter(
      this,
      'Issuer',
      'URL of the OpenID Connect issuer; empty for a Cognito user pool of this stack',
    )
    const audience = parameter(
      this,
      'Audience',
      'Audience that the tokens of that issuer name; needed with Issuer',
    )
    const roleClaim = parameter(this, 'RoleClaim', 'Claim that lists the roles of a person', 'cognito:groups')

    // Before anything is made: API Gateway refuses an authorizer without an audience only after tables that stay were created.
    needs(
      this,
      'IssuerNeedsAudience',
      issuer,
      audience,
      'With Issuer, Audience has to say for whom its tokens are.',
    )
    needs(
      this,
      'AudienceNeedsIssuer',
      audience,
      issuer,
      'Audience belongs to an Issuer; the user pool of the stack has its own.',
    )

    const ownPool = new CfnCondition(this, 'OwnPool', { expression: Fn.conditionEquals(issuer, '') })
    ownPool.overrideLogicalId('OwnPool')
    const { pool, client } = userPool(this)
    for (const child of this.node.findAll()) {
      if (child instanceof CfnResource) child.cfnOptions.condition = ownPool
    }

    this.issuer = Fn.conditionIf(ownPool.logicalId, pool.userPoolProviderUrl, issuer).toString()
    this.audience = Fn.conditionIf(ownPool.logicalId, client.userPoolClientId, audience).toString()
    this.roleClaim = roleClaim

    new CfnOutput(this, 'UserPoolId', { value: pool.userPoolId, condition: ownPool })
    new CfnOutput(this, 'UserPoolClientId', { value: client.userPoolClientId, condition: ownPool })
  }
}

function parameter(scope: Construct, name: string, description: string, fallback = ''): string {
  const created = new CfnParameter(scope, name, { type: 'String', description, default: fallback })
  created.overrideLogicalId(name)
  return created.valueAsString
}

/** Refuses one parameter without another. */
function needs(scope: Construct, name: string, one: string, other: string, assertDescription: string): void {
  const given = (value: string) => Fn.conditionNot(Fn.conditionEquals(value, ''))
  const rule = new CfnRule(scope, name, {
    ruleCondition: given(one),
    assertions: [{ assert: given(other), assertDescription }],
  })
  rule.overrideLogicalId(name)
}

function userPool(scope: Construct): { readonly pool: UserPool; readonly client: UserPoolClient } {
  const pool = new UserPool(scope, 'UserPool', {
    selfSignUpEnabled: false,
    signInAliases: { email: true },
    mfa: Mfa.REQUIRED,
    mfaSecondFactor: { otp: true, sms: false },
    accountRecovery: AccountRecovery.EMAIL_ONLY,
    passwordPolicy: {
      minLength: 14,
      requireLowercase: true,
      requireUppercase: true,
      requireDigits: true,
      requireSymbols: true,
    },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  })
  Validations.of(pool).acknowledge({
    id: 'AwsSolutions-COG8',
    reason:
      'The Plus plan is billed for each user. The pool has no sign-up and insists on a second factor; who needs more brings an issuer.',
  })
  for (const role of roles) {
    new CfnUserPoolGroup(scope, `Group-${role}`, { userPoolId: pool.userPoolId, groupName: role })
  }
  const client = pool.addClient('Client', {
    // The second needs AWS credentials: it lets the first administrator sign in with the AWS CLI alone.
    authFlows: { userSrp: true, adminUserPassword: true },
    disableOAuth: true,
    accessTokenValidity: Duration.hours(1),
    preventUserExistenceErrors: true,
  })
  return { pool, client }
}
