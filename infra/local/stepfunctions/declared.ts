import { readFileSync } from 'node:fs'
import type { CloudAssembly } from '../template/cloud-assembly.ts'
import { isRecord } from '../template/shapes.ts'
import type { Resource } from '../template/stack.ts'

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
