import {
  CfnCondition,
  CfnOutput,
  CfnParameter,
  CfnResource,
  CfnRule,
  Duration,
  Fn,
  Lazy,
  RemovalPolicy,
  Stack,
  Token,
  Validations,
} from 'aws-cdk-lib'
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2'
import {
  AccountRecovery,
  CfnUserPoolDomain,
  CfnUserPoolGroup,
  Mfa,
  OAuthScope,
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
  /** Whom tokens have to be for: a list of one or two. */
  readonly audiences: readonly string[]
  readonly roleClaim: string
  /** How people sign in to the console. */
  readonly signIn: SignIn
  #api: HttpApi | undefined

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

    const console = {
      client: parameter(
        this,
        'ConsoleClient',
        'Public client (PKCE, no secret) that the console is at that issuer; empty: nobody signs in to the console',
      ),
      authorizationUrl: parameter(
        this,
        'ConsoleSignInUrl',
        'Authorization endpoint of that issuer, to which the console sends people; needed with ConsoleClient',
      ),
      tokenUrl: parameter(
        this,
        'ConsoleTokenUrl',
        'Token endpoint of that issuer, which has to let the console ask it across origins; needed with ConsoleClient',
      ),
      scope: parameter(this, 'ConsoleScope', 'Scopes that the console asks for', 'openid'),
    }

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

    needs(
      this,
      'ConsoleNeedsSignIn',
      console.client,
      console.authorizationUrl,
      'With ConsoleClient, ConsoleSignInUrl has to say where people sign in.',
    )
    needs(
      this,
      'ConsoleNeedsTokens',
      console.client,
      console.tokenUrl,
      'With ConsoleClient, ConsoleTokenUrl has to say where its codes are exchanged.',
    )

    const ownPool = new CfnCondition(this, 'OwnPool', { expression: Fn.conditionEquals(issuer, '') })
    ownPool.overrideLogicalId('OwnPool')
    const { pool, client } = userPool(this)
    const ofConsole = pool.addClient('Console', {
      generateSecret: false,
      authFlows: {},
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID],
        callbackUrls: [Lazy.string({ produce: () => `${this.#api?.apiEndpoint}/console` })],
      },
      accessTokenValidity: Duration.hours(1),
      preventUserExistenceErrors: true,
    })
    // Unique in its region, as the API is.
    const prefix = `drydock-${Lazy.string({ produce: () => this.#api?.apiId })}`
    new CfnUserPoolDomain(this, 'SignIn', { domain: prefix, userPoolId: pool.userPoolId })
    for (const child of this.node.findAll()) {
      if (child instanceof CfnResource) child.cfnOptions.condition = ownPool
    }

    this.issuer = Fn.conditionIf(ownPool.logicalId, pool.userPoolProviderUrl, issuer).toString()
    this.audiences = Token.asList(
      Fn.conditionIf(ownPool.logicalId, [client.userPoolClientId, ofConsole.userPoolClientId], [audience]),
    )
    this.roleClaim = roleClaim
    const hosted = `https://${prefix}.auth.${Stack.of(this).region}.amazoncognito.com/oauth2`
    const either = (own: string, given: string) => Fn.conditionIf(ownPool.logicalId, own, given).toString()
    this.signIn = {
      client: either(ofConsole.userPoolClientId, console.client),
      authorizationUrl: either(`${hosted}/authorize`, console.authorizationUrl),
      tokenUrl: either(`${hosted}/token`, console.tokenUrl),
      scope: either('openid', console.scope),
    }

    new CfnOutput(this, 'UserPoolId', { value: pool.userPoolId, condition: ownPool })
    new CfnOutput(this, 'UserPoolClientId', { value: client.userPoolClientId, condition: ownPool })
  }

  /** Says which API has the console, to which alone people come back who have signed in: the API is made after this, as it asks who people are. */
  comeBackTo(api: HttpApi): void {
    this.#api = api
  }
}

/** What the console is told of where people sign in. */
interface SignIn {
  readonly client: string
  readonly authorizationUrl: string
  readonly tokenUrl: string
  readonly scope: string
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
