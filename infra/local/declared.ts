import { readFileSync } from 'node:fs'
import type { HttpApiTemplate } from './http/properties.ts'
import type { CloudAssembly } from './template/cloud-assembly.ts'
import { ofType } from './template/read.ts'
import { isRecord } from './template/shapes.ts'
import type { Resource } from './template/stack.ts'

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
  return {
    api: api.properties,
    stage: stage.properties,
    routes: byLogicalId('Route'),
    integrations: byLogicalId('Integration'),
    authorizers: byLogicalId('Authorizer'),
  } as unknown as HttpApiTemplate // the gateway checks every property of it
}

/** Returns the definition of an `AWS::StepFunctions::StateMachine` with its substitutions made. */
export function declaredDefinition(resource: Resource, assembly: CloudAssembly): unknown {
  const { logicalId, type, properties } = resource
  const location = properties.DefinitionS3Location
  const text = isRecord(location)
    ? readFileSync(assembly.asset(String(location.Key)), 'utf8')
    : properties.DefinitionString
  if (typeof text !== 'string')
    throw new Error(`${logicalId} (${type}) needs DefinitionS3Location or DefinitionString.`)
  const substitutions = isRecord(properties.DefinitionSubstitutions) ? properties.DefinitionSubstitutions : {}
  const substituted = text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = substitutions[name]
    if (value === undefined)
      throw new Error(`${logicalId} (${type}) uses \${${name}}, which DefinitionSubstitutions does not give.`)
    // Inside a JSON text, without the quotes that already stand there.
    return JSON.stringify(String(value)).slice(1, -1)
  })
  return JSON.parse(substituted)
}
