import { beforeAll, describe, expect, test } from 'vitest'
import { pages, routes, signedPath } from '../../contracts/routes.ts'
import { readOutboundHosts } from '../../functions/executors/outbound-hosts.ts'
import { decideCondition } from '../../infra/local/template/conditions.ts'
import type { Scope } from '../../infra/local/template/intrinsics.ts'
import { functionName, ofType, referred, synthesized, type Template } from './synthesized.ts'

let template: Template
beforeAll(() => {
  template = synthesized()
})

const propertiesOf = (type: string) => ofType(template, type).map(([, { Properties }]) => Properties)

describe('the routes of the API', () => {
  const deployed = () =>
    propertiesOf('AWS::ApiGatewayV2::Route').map(({ RouteKey, AuthorizationType, AuthorizerId, Target }) => ({
      RouteKey,
      AuthorizationType,
      authorizer:
        AuthorizerId === undefined ? 'nobody' : template.Resources[referred(AuthorizerId)]?.Properties.Name,
      group: groupBehind(Target),
    }))

  function groupBehind(target: unknown): string {
    const [, parts] = (target as { 'Fn::Join': [string, [string, unknown]] })['Fn::Join']
    const integration = template.Resources[referred(parts[1])]
    return functionName(referred(integration?.Properties.IntegrationUri))
  }

  test('S32: are those of the table, each behind the authorizer that it names', () => {
    const kinds = {
      nobody: ['NONE', 'nobody'],
      agents: ['CUSTOM', 'Agents'],
      people: ['JWT', 'People'],
    } as const
    const wanted = routes.map(({ method, path, access, group }) => {
      const [AuthorizationType, authorizer] =
        access === 'agent' ? kinds.agents : typeof access === 'string' ? kinds.nobody : kinds.people
      return { RouteKey: `${method} ${path}`, AuthorizationType, authorizer, group }
    })
    const loaded = pages.map((path) => {
      const [AuthorizationType, authorizer] = kinds.nobody
      return { RouteKey: `GET ${path}`, AuthorizationType, authorizer, group: 'console' }
    })
    const byKey = (one: { RouteKey: unknown }, other: { RouteKey: unknown }) =>
      String(one.RouteKey).localeCompare(String(other.RouteKey))
    const [AuthorizationType, authorizer] = kinds.nobody
    const signed = { RouteKey: `POST ${signedPath}`, AuthorizationType, authorizer, group: 'notifications' }
    expect(deployed().sort(byKey)).toEqual([...wanted, ...loaded, signed].sort(byKey))
  })

  test('S1: only health, the description of the API, who issues tokens, pages, and callbacks and what Slack signs, which their functions check, are open at the gateway', () => {
    const open = deployed().filter(({ AuthorizationType }) => AuthorizationType === 'NONE')
    expect(open.map(({ RouteKey }) => RouteKey).sort()).toEqual([
      ...[
        'GET /',
        'GET /.well-known/oauth-protected-resource/mcp',
        'GET /console',
        'GET /console/{file+}',
        'GET /health',
        'GET /openapi.json',
      ],
      ...['GET /reference', 'POST /api/v1/callbacks', 'POST /slack/{destination}'],
    ])
  })

  test('agents are admitted by the Lambda authorizer, whose answer is kept for an hour', () => {
    expect(propertiesOf('AWS::ApiGatewayV2::Authorizer')).toContainEqual(
      expect.objectContaining({
        AuthorizerType: 'REQUEST',
        AuthorizerPayloadFormatVersion: '2.0',
        EnableSimpleResponses: true,
        IdentitySource: ['$request.header.Authorization'],
        AuthorizerResultTtlInSeconds: 3600,
      }),
    )
  })

  test('the stage logs every request and limits their rate', () => {
    expect(propertiesOf('AWS::ApiGatewayV2::Stage')).toEqual([
      expect.objectContaining({
        StageName: '$default',
        DefaultRouteSettings: { ThrottlingRateLimit: 2000, ThrottlingBurstLimit: 4000 },
        AccessLogSettings: expect.objectContaining({ Format: expect.stringContaining('$context.requestId') }),
      }),
    ])
  })
})

/** Returns what the rules of the template say against these parameters, which CloudFormation asks before it makes anything. */
function broken(parameters: Readonly<Record<string, string>>): readonly unknown[] {
  const scope: Scope = {
    ref: (name) => parameters[name],
    attribute: () => undefined,
    condition: () => false,
  }
  const place = { logicalId: 'a rule', type: 'Rule', path: [] }
  return Object.values(template.Rules ?? {})
    .filter(({ RuleCondition }) => decideCondition(RuleCondition, scope, place))
    .flatMap(({ Assertions }) => Assertions)
    .filter(({ Assert }) => !decideCondition(Assert, scope, place))
}

describe('which other systems the functions call', () => {
  test('S20: is a parameter, by which they call none, and which the stack shows where it names any', () => {
    const { OutboundHosts } = template.Parameters
    expect(OutboundHosts).toMatchObject({ Type: 'String', Default: '', MaxLength: 2000 })
    const allowed = new RegExp(`^(?:${OutboundHosts?.AllowedPattern})$`)
    const hosts = 'api.example.com:8443, *.hooks.example.com, http://10.0.0.0/8:8082, [fd00::]/8:443'
    expect(
      [hosts, '', 'EXAMPLE.com', 'a@b.example', 'a.example\nb.example'].map((text) => allowed.test(text)),
    ).toEqual([true, true, false, false, false])
    expect(() => readOutboundHosts(hosts)).not.toThrow()
    expect(template.Conditions).toMatchObject({
      CallsOthers: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'OutboundHosts' }, ''] }] },
    })
    expect(Object.values(template.Outputs ?? {})).toContainEqual({
      Value: { Ref: 'OutboundHosts' },
      Condition: 'CallsOthers',
    })
  })
})

describe('who people are', () => {
  test('issuer, audience, role claim and what one person may expose are parameters; without an issuer the stack brings a user pool', () => {
    expect(template.Parameters).toMatchObject({
      Issuer: { Type: 'String', Default: '' },
      Audience: { Type: 'String', Default: '' },
      RoleClaim: { Type: 'String', Default: 'cognito:groups' },
      ExposureTargets: { Type: 'Number', Default: '100' },
      ExposurePercent: { Type: 'Number', Default: '20' },
    })
    expect(template.Conditions).toMatchObject({ OwnPool: { 'Fn::Equals': [{ Ref: 'Issuer' }, ''] } })
    const [pool] = ofType(template, 'AWS::Cognito::UserPool')
    const clients = ofType(template, 'AWS::Cognito::UserPoolClient')
    expect(clients).toHaveLength(2)
    expect(propertiesOf('AWS::ApiGatewayV2::Authorizer')).toContainEqual(
      expect.objectContaining({
        AuthorizerType: 'JWT',
        JwtConfiguration: {
          Issuer: { 'Fn::If': ['OwnPool', { 'Fn::GetAtt': [pool?.[0], 'ProviderURL'] }, { Ref: 'Issuer' }] },
          Audience: { 'Fn::If': ['OwnPool', clients.map(([id]) => ({ Ref: id })), [{ Ref: 'Audience' }]] },
        },
      }),
    )
  })

  test('with an issuer of their own nothing of Cognito is deployed', () => {
    const cognito = Object.values(template.Resources).filter(({ Type }) => Type.startsWith('AWS::Cognito::'))
    expect(cognito.map(({ Condition }) => Condition)).toEqual(Array(8).fill('OwnPool'))
  })

  test.each([
    { Issuer: 'https://login.example.com/', Audience: '' },
    { Issuer: '', Audience: 'drydock' },
  ])('an issuer and its audience are given together, or nothing is made at all: %j', (parameters) => {
    expect(broken(parameters)).toHaveLength(1)
    expect(broken({ Issuer: 'https://login.example.com/', Audience: 'drydock' })).toEqual([])
    expect(broken({ Issuer: '', Audience: '' })).toEqual([])
  })

  test('there is a group for each role', () => {
    const names = propertiesOf('AWS::Cognito::UserPoolGroup').map(({ GroupName }) => GroupName)
    expect(names.sort()).toEqual(['admin', 'approver', 'operator', 'viewer'])
  })

  test('the console of the stack is a client without a secret, to whose page alone codes are sent', () => {
    const [, consoleClient] = ofType(template, 'AWS::Cognito::UserPoolClient')
    expect(consoleClient?.[1].Properties).toMatchObject({
      GenerateSecret: false,
      AllowedOAuthFlows: ['code'],
      CallbackURLs: [{ 'Fn::Join': ['', [expect.anything(), '/console']] }],
    })
  })

  test.each(['ConsoleSignInUrl', 'ConsoleTokenUrl'])(
    'a client of the console is given with its issuer’s addresses: not without %s',
    (missing) => {
      const given = {
        ...{ Issuer: 'https://login.example.com/', Audience: 'drydock', ConsoleClient: 'console' },
        ConsoleSignInUrl: 'https://login.example.com/authorize',
        ConsoleTokenUrl: 'https://login.example.com/token',
      }
      expect(broken(given)).toEqual([])
      expect(broken({ ...given, [missing]: '' })).toHaveLength(1)
    },
  )

  test('the functions that people call, and the console, read the role claim from the parameter', () => {
    const told = ofType(template, 'AWS::Lambda::Function').flatMap(([id, { Properties }]) => {
      const { Variables } = (Properties.Environment ?? {}) as { Variables?: { ROLE_CLAIM?: unknown } }
      return Variables?.ROLE_CLAIM ? [[functionName(id), Variables.ROLE_CLAIM]] : []
    })
    const called = routes.filter(({ access }) => Array.isArray(access))
    const groups = new Set(called.map(({ group }) => group))
    expect(Object.fromEntries(told)).toEqual(
      Object.fromEntries([...groups, 'console'].map((group) => [group, { Ref: 'RoleClaim' }])),
    )
  })
})
