import { ofType } from '../template/read.ts'
import type { Resource } from '../template/stack.ts'
import type { HttpApiTemplate } from './properties.ts'

/** Gathers what the template declares for one HTTP API. */
export function declaredHttpApi(api: Resource, resources: readonly Resource[]): HttpApiTemplate {
  const ofApi = (type: string) =>
    ofType(resources, `AWS::ApiGatewayV2::${type}`).filter(
      ({ properties }) => properties.ApiId === api.logicalId,
    )
  const byLogicalId = (type: string) =>
    Object.fromEntries(ofApi(type).map(({ logicalId, properties }) => [logicalId, properties]))
  const [stage, ...others] = ofApi('Stage')
  if (stage === undefined || others.length > 0) {
    throw new Error(
      `${api.logicalId} (${api.type}) has ${others.length + (stage ? 1 : 0)} stages; one machine serves exactly one.`,
    )
  }
  const mappings = byLogicalId('ApiMapping')
  const led = new Set(Object.values(mappings).map(({ DomainName }) => DomainName))
  return {
    api: api.properties,
    stage: stage.properties,
    routes: byLogicalId('Route'),
    integrations: byLogicalId('Integration'),
    authorizers: byLogicalId('Authorizer'),
    mappings,
    domains: Object.fromEntries(
      ofType(resources, 'AWS::ApiGatewayV2::DomainName')
        .filter(({ identity }) => led.has(identity.ref))
        .map(({ logicalId, properties }) => [logicalId, properties]),
    ),
  } as unknown as HttpApiTemplate // the gateway checks every property of it
}
