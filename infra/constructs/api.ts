import { CfnOutput, RemovalPolicy, Validations } from 'aws-cdk-lib'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import {
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2'
import {
  HttpJwtAuthorizer,
  HttpLambdaAuthorizer,
  HttpLambdaResponseType,
} from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import {
  type Access,
  type Group,
  type Operation,
  pages,
  type Route,
  routes,
  signedPath,
} from '../../contracts/routes.ts'
import { admittedFor } from './concurrency.ts'
import type { Functions } from './functions.ts'
import type { Identity } from './identity.ts'
import { namesOf } from './names.ts'

/** The way in: one HTTP API with every route of the table, each behind the authorizer that the table names. */
export class Api extends Construct {
  readonly api: HttpApi
  readonly stage: HttpStage
  readonly #people: HttpJwtAuthorizer

  /** It has no routes until functions `serve` it: some of them are told its address, and are made after it. */
  constructor(scope: Construct, { issuer, audiences }: Identity) {
    super(scope, 'Api')
    this.#people = new HttpJwtAuthorizer('People', issuer, { jwtAudience: [...audiences] })
    // Deny by default: a route whose access nobody stated is closed.
    this.api = new HttpApi(this, 'Api', {
      apiName: namesOf(this).api,
      description: 'Drydock: staged upgrades of fleets',
      createDefaultStage: false,
      defaultAuthorizer: this.#people,
    })
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      // A fleet of 100,000 agents that polls every minute asks 1,700 times a second.
      throttle: { rateLimit: 2000, burstLimit: 4000 },
      accessLogSettings: { destination: new LogGroupLogDestination(accessLog(this)), format: accessFormat },
    })
    new CfnOutput(this, 'Url', { value: this.api.apiEndpoint })
  }

  /** Adds every route of the table, each to the function of its group. */
  serve(functions: Functions): void {
    const agents = new HttpLambdaAuthorizer('Agents', functions.all.authorizer, {
      identitySource: ['$request.header.Authorization'],
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      // Each call compares the key and asks whether the target is retired: what is cached grants nothing by itself.
      resultsCacheTtl: admittedFor,
    })
    const nobody = new HttpNoneAuthorizer()
    const authorizer = (access: Access): IHttpRouteAuthorizer =>
      access === 'agent' ? agents : typeof access === 'string' ? nobody : this.#people

    const integrations = new Map<Group, HttpLambdaIntegration>()
    for (const { operation, method, path, group, access } of routes as readonly Route[]) {
      const integration =
        integrations.get(group) ??
        new HttpLambdaIntegration(`To-${group}`, functions.all[group], { scopePermissionToRoute: false })
      integrations.set(group, integration)
      const added = this.api.addRoutes({
        path,
        methods: [HttpMethod[method]],
        integration,
        authorizer: authorizer(access),
      })
      if (access === 'public' || access === 'capability') acknowledgeOpen(added, operation)
    }
    const notifications = integrations.get('notifications')
    if (notifications === undefined) throw new Error('Nobody takes what Slack sends.')
    const signed = this.api.addRoutes({
      ...{ path: signedPath, methods: [HttpMethod.POST], integration: notifications, authorizer: nobody },
    })
    acknowledge(
      signed,
      'Slack signs what it sends over the raw body, which the function checks before it reads anything: an authorizer is not shown the body.',
    )
    for (const { lambda } of functions.on('page')) {
      const integration = new HttpLambdaIntegration('To-pages', lambda, { scopePermissionToRoute: false })
      for (const path of pages) {
        const added = this.api.addRoutes({ path, methods: [HttpMethod.GET], integration, authorizer: nobody })
        acknowledge(
          added,
          'A browser loads the console before anybody has signed in; its files are the same for everybody and hold no data.',
        )
      }
    }
  }
}

/** Why the gateway itself asks nobody for a credential. */
const open: Readonly<Partial<Record<Operation, string>>> = {
  getHealth: 'Load balancers and monitors ask for health without a credential; the answer names no data.',
  getOpenApi:
    'The description of the API is public, so that a client can be made before anybody has a token.',
  getMcpResource:
    'Who has no token yet asks where to get one (RFC 9728); the answer names the issuer, whose address every sign-in shows.',
  answerCallback:
    'Who got a message calls back by the capability in it, which the function checks: an authorizer could only let it through.',
}

function acknowledgeOpen(added: readonly Construct[], operation: Operation): void {
  const reason = open[operation]
  if (reason === undefined) throw new Error(`Why ${operation} is open to everybody has to be said here.`)
  acknowledge(added, reason)
}

function acknowledge(added: readonly Construct[], reason: string): void {
  for (const route of added) Validations.of(route).acknowledge({ id: 'AwsSolutions-APIG4', reason })
}

function accessLog(scope: Construct): LogGroup {
  return new LogGroup(scope, 'AccessLog', {
    logGroupName: namesOf(scope).accessLogs,
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  })
}

/** Short, since each request pays for its line; CloudWatch adds the instant. No header and no query string: tokens travel in the one, and what people search for in the other. */
const accessFormat = AccessLogFormat.custom(
  JSON.stringify({
    id: '$context.requestId',
    ip: '$context.identity.sourceIp',
    route: '$context.routeKey',
    status: '$context.status',
    ms: '$context.responseLatency',
    subject: '$context.authorizer.claims.sub',
    denied: '$context.authorizer.error',
    failed: '$context.integrationErrorMessage',
  }),
)
