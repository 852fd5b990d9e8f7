/** The part of `AWS::ApiGatewayV2::*` that the local gateway implements, with references already resolved. */
export interface ApiProperties {
  readonly Name?: string
  readonly ProtocolType?: 'HTTP'
  readonly Description?: string
  readonly CorsConfiguration?: CorsProperties
  readonly DisableExecuteApiEndpoint?: false
}

export interface CorsProperties {
  readonly AllowCredentials?: boolean
  readonly AllowHeaders?: readonly string[]
  readonly AllowMethods?: readonly string[]
  readonly AllowOrigins?: readonly string[]
  readonly ExposeHeaders?: readonly string[]
  readonly MaxAge?: number
}

export interface StageProperties {
  readonly ApiId?: unknown
  readonly StageName: string
  readonly AutoDeploy?: boolean
  readonly Description?: string
  readonly StageVariables?: Readonly<Record<string, string>>
  readonly DefaultRouteSettings?: RouteSettings
  readonly RouteSettings?: Readonly<Record<string, RouteSettings>>
  readonly AccessLogSettings?: unknown
}

export interface RouteSettings {
  readonly ThrottlingBurstLimit?: number
  readonly ThrottlingRateLimit?: number
  readonly DetailedMetricsEnabled?: boolean
}

export interface RouteProperties {
  readonly ApiId?: unknown
  readonly RouteKey: string
  readonly Target: string
  readonly AuthorizationType?: 'NONE' | 'JWT' | 'CUSTOM'
  readonly AuthorizerId?: string
  readonly AuthorizationScopes?: readonly string[]
  readonly OperationName?: string
}

export interface IntegrationProperties {
  readonly ApiId?: unknown
  readonly IntegrationType: 'AWS_PROXY'
  readonly IntegrationUri: string
  readonly IntegrationMethod?: string
  readonly PayloadFormatVersion: '2.0'
  readonly TimeoutInMillis?: number
  readonly Description?: string
}

export interface AuthorizerProperties {
  readonly ApiId?: unknown
  readonly Name?: string
  readonly AuthorizerType: 'JWT' | 'REQUEST'
  readonly IdentitySource?: readonly string[]
  readonly JwtConfiguration?: { readonly Issuer: string; readonly Audience: readonly string[] }
  readonly AuthorizerUri?: string
  readonly AuthorizerPayloadFormatVersion?: '2.0'
  readonly EnableSimpleResponses?: boolean
  readonly AuthorizerResultTtlInSeconds?: number
  readonly AuthorizerCredentialsArn?: string
}

/** A domain that leads to the API, whose callers show certificates of their own. */
export interface DomainProperties {
  readonly DomainName: string
  readonly DomainNameConfigurations?: unknown
  readonly MutualTlsAuthentication: { readonly TruststoreUri: string; readonly TruststoreVersion?: string }
}

/** Leads a domain to the API. */
export interface MappingProperties {
  readonly ApiId?: unknown
  readonly DomainName: string
  readonly Stage: string
}

export type ByLogicalId<Properties> = Readonly<Record<string, Properties>>

/** Everything of a template that makes up one HTTP API. */
export interface HttpApiTemplate {
  readonly api: ApiProperties
  readonly stage: StageProperties
  readonly routes: ByLogicalId<RouteProperties>
  readonly integrations: ByLogicalId<IntegrationProperties>
  readonly authorizers: ByLogicalId<AuthorizerProperties>
  /** Those that mappings lead here. */
  readonly domains?: ByLogicalId<DomainProperties>
  readonly mappings?: ByLogicalId<MappingProperties>
}

// A value of undefined allows any; a list names the values that are implemented.
type Known = Readonly<Record<string, readonly unknown[] | undefined>>

const known: Readonly<Record<string, Known>> = {
  'AWS::ApiGatewayV2::Api': {
    Name: undefined,
    ProtocolType: ['HTTP'],
    Description: undefined,
    CorsConfiguration: undefined,
    DisableExecuteApiEndpoint: [false],
    Tags: undefined,
  },
  'AWS::ApiGatewayV2::Stage': {
    ApiId: undefined,
    StageName: undefined,
    // Observation and deployment do not change how a request is answered.
    AutoDeploy: undefined,
    Description: undefined,
    AccessLogSettings: undefined,
    StageVariables: undefined,
    DefaultRouteSettings: undefined,
    RouteSettings: undefined,
    Tags: undefined,
  },
  'AWS::ApiGatewayV2::Route': {
    ApiId: undefined,
    RouteKey: undefined,
    Target: undefined,
    AuthorizationType: ['NONE', 'JWT', 'CUSTOM'],
    AuthorizerId: undefined,
    AuthorizationScopes: undefined,
    OperationName: undefined,
  },
  'AWS::ApiGatewayV2::Integration': {
    ApiId: undefined,
    IntegrationType: ['AWS_PROXY'],
    IntegrationUri: undefined,
    IntegrationMethod: ['POST'],
    PayloadFormatVersion: ['2.0'],
    TimeoutInMillis: undefined,
    Description: undefined,
  },
  'AWS::ApiGatewayV2::Authorizer': {
    ApiId: undefined,
    Name: undefined,
    AuthorizerType: ['JWT', 'REQUEST'],
    IdentitySource: undefined,
    JwtConfiguration: undefined,
    AuthorizerUri: undefined,
    AuthorizerPayloadFormatVersion: ['2.0'],
    EnableSimpleResponses: [true],
    AuthorizerResultTtlInSeconds: undefined,
    AuthorizerCredentialsArn: undefined,
  },
  'AWS::ApiGatewayV2::DomainName': {
    DomainName: undefined,
    // The certificate of the domain is a file on one machine.
    DomainNameConfigurations: undefined,
    MutualTlsAuthentication: undefined,
    Tags: undefined,
  },
  'AWS::ApiGatewayV2::ApiMapping': { ApiId: undefined, DomainName: undefined, Stage: undefined },
  CorsConfiguration: {
    AllowCredentials: undefined,
    AllowHeaders: undefined,
    AllowMethods: undefined,
    AllowOrigins: undefined,
    ExposeHeaders: undefined,
    MaxAge: undefined,
  },
  JwtConfiguration: { Issuer: undefined, Audience: undefined },
  RouteSettings: {
    ThrottlingBurstLimit: undefined,
    ThrottlingRateLimit: undefined,
    DetailedMetricsEnabled: undefined,
  },
}

/** Throws an error that names the first property, or value of one, which the local gateway does not implement. */
export function checkTemplate(template: HttpApiTemplate): void {
  check('AWS::ApiGatewayV2::Api', 'the API', template.api)
  if (template.api.CorsConfiguration) checkCors(template.api.CorsConfiguration)
  check('AWS::ApiGatewayV2::Stage', 'the stage', template.stage)
  const { DefaultRouteSettings, RouteSettings = {} } = template.stage
  for (const settings of [DefaultRouteSettings, ...Object.values(RouteSettings)])
    if (settings) check('RouteSettings', 'the stage', settings)
  for (const [id, route] of Object.entries(template.routes)) check('AWS::ApiGatewayV2::Route', id, route)
  for (const [id, integration] of Object.entries(template.integrations)) {
    check('AWS::ApiGatewayV2::Integration', id, integration)
    need(integration, ['IntegrationType', 'IntegrationUri', 'PayloadFormatVersion'], id)
  }
  for (const [id, domain] of Object.entries(template.domains ?? {})) {
    check('AWS::ApiGatewayV2::DomainName', id, domain)
    need(domain, ['DomainName', 'MutualTlsAuthentication'], id)
  }
  for (const [id, mapping] of Object.entries(template.mappings ?? {})) {
    check('AWS::ApiGatewayV2::ApiMapping', id, mapping)
    if (mapping.Stage !== template.stage.StageName)
      throw new Error(`${id} leads to the stage ${mapping.Stage}, which is not declared`)
  }
  for (const [id, authorizer] of Object.entries(template.authorizers)) {
    check('AWS::ApiGatewayV2::Authorizer', id, authorizer)
    const lambda = ['AuthorizerUri', 'AuthorizerPayloadFormatVersion', 'EnableSimpleResponses']
    need(
      authorizer,
      authorizer.AuthorizerType === 'JWT' ? ['JwtConfiguration', 'IdentitySource'] : lambda,
      id,
    )
    if (authorizer.JwtConfiguration) check('JwtConfiguration', id, authorizer.JwtConfiguration)
  }
}

function checkCors(cors: CorsProperties): void {
  check('CorsConfiguration', 'the API', cors)
  const open = [cors.AllowOrigins, cors.AllowHeaders, cors.AllowMethods].some((list) => list?.includes('*'))
  if (cors.AllowCredentials && open)
    throw new Error(
      'CorsConfiguration: with AllowCredentials, origins, headers and methods must be named, not "*"',
    )
}

function check(type: string, where: string, properties: object): void {
  for (const [name, value] of Object.entries(properties)) {
    const allowed = known[type]
    if (allowed === undefined || !Object.hasOwn(allowed, name))
      throw new Error(`${type} (${where}): the property ${name} is not implemented on one machine`)
    const values = allowed[name]
    if (values !== undefined && !values.includes(value))
      throw new Error(
        `${type} (${where}): ${name} ${JSON.stringify(value)} is not implemented on one machine, only ${values.join(', ')}`,
      )
  }
}

function need(properties: object, names: readonly string[], where: string): void {
  const missing = names.find((name) => !Object.hasOwn(properties, name))
  if (missing !== undefined) throw new Error(`${where} needs the property ${missing}`)
}
