import type { CloudAssembly, ResourceTemplate } from './cloud-assembly.ts'
import { decideCondition } from './conditions.ts'
import { referencesOf, resolve, type Scope } from './intrinsics.ts'
import { type Identity, resourceTypes } from './resource-types.ts'
import { effective, isRecord, type Place, TemplateError } from './shapes.ts'
import { account, region } from './types/type.ts'

/** A resource of the template with its references resolved and only the properties that have an effect here. */
export interface Resource {
  readonly logicalId: string
  readonly type: string
  readonly identity: Identity
  readonly properties: Readonly<Record<string, unknown>>
}

const resourceKeys = [
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'Metadata',
  'DeletionPolicy',
  'UpdateReplacePolicy',
]

/**
 * Resolves a whole template: every resource whose condition holds, each after those it refers to. Throws for the first
 * type, property, attribute or intrinsic function that is not known, for a dangling reference and for a cycle.
 */
export function resolveStack(
  assembly: CloudAssembly,
  parameters: Readonly<Record<string, string>>,
): readonly Resource[] {
  const { template, stackName } = assembly
  const pseudo: Readonly<Record<string, string>> = {
    'AWS::AccountId': account,
    'AWS::Partition': 'aws',
    'AWS::Region': region,
    'AWS::StackId': `arn:aws:cloudformation:${region}:${account}:stack/${stackName}/local`,
    'AWS::StackName': stackName,
    'AWS::URLSuffix': 'amazonaws.com',
  }
  const identities = new Map<string, Identity>()

  const scope: Scope = {
    ref(name, place) {
      const fixed = pseudo[name]
      if (fixed !== undefined) return fixed
      const parameter = template.Parameters[name]
      if (parameter === undefined) return identityOf(name, place).ref
      const value = parameters[name] ?? parameter.Default
      if (value === undefined)
        throw new TemplateError(place, `needs a value for the parameter ${name}, which has no default`)
      if (parameter.Type === 'CommaDelimitedList')
        return String(value)
          .split(',')
          .map((part) => part.trim())
      return value
    },
    attribute(logicalId, attribute, place) {
      const value = identityOf(logicalId, place).attributes[attribute]
      if (value !== undefined) return value
      throw new TemplateError(
        place,
        `asks for the attribute ${attribute} of ${logicalId} (${template.Resources[logicalId]?.Type}), which one machine does not know`,
      )
    },
    condition(name, place) {
      const expression = template.Conditions[name]
      if (expression === undefined)
        throw new TemplateError(place, `names the condition ${name}, which the template does not declare`)
      return decideCondition(expression, scope, { logicalId: name, type: 'Condition', path: [] })
    },
  }

  for (const [name, { RuleCondition, Assertions }] of Object.entries(template.Rules)) {
    const place: Place = { logicalId: name, type: 'Rule', path: [] }
    if (RuleCondition !== undefined && !decideCondition(RuleCondition, scope, place)) continue
    for (const { Assert, AssertDescription = 'is not kept' } of Assertions) {
      if (!decideCondition(Assert, scope, place)) throw new TemplateError(place, `says: ${AssertDescription}`)
    }
  }

  function identityOf(logicalId: string, from: Place): Identity {
    const existing = identities.get(logicalId)
    if (existing !== undefined) return existing
    const resource = template.Resources[logicalId]
    if (resource === undefined)
      throw new TemplateError(from, `refers to ${logicalId}, which the template does not declare`)
    const place = { logicalId, type: resource.Type, path: [] }
    if (resource.Condition !== undefined && !scope.condition(resource.Condition, place)) {
      throw new TemplateError(
        from,
        `refers to ${logicalId}, whose condition ${resource.Condition} does not hold`,
      )
    }
    const type = typeOf(place)
    const named = type.nameProperty === undefined ? undefined : resource.Properties?.[type.nameProperty]
    const name = named === undefined ? `${stackName}-${logicalId}` : String(resolve(named, scope, place))
    const identity = type.identify({ name, logicalId, properties: resource.Properties ?? {} })
    identities.set(logicalId, identity)
    return identity
  }

  const present = (resource: ResourceTemplate, place: Place) =>
    resource.Condition === undefined || scope.condition(resource.Condition, place)

  const resolved = order(template.Resources).flatMap((logicalId): Resource[] => {
    const resource = template.Resources[logicalId]
    if (resource === undefined) return []
    const place: Place = { logicalId, type: resource.Type, path: [] }
    const unknownKey = Object.keys(resource).find((key) => !resourceKeys.includes(key))
    if (unknownKey !== undefined)
      throw new TemplateError(place, `has the key ${unknownKey}, which one machine does not know`)
    const type = typeOf(place)
    if (!present(resource, place)) return []
    const properties = resolve(resource.Properties ?? {}, scope, place)
    const kept = effective(properties, { kind: 'object', properties: type.properties }, place)
    return [
      {
        logicalId,
        type: resource.Type,
        identity: identityOf(logicalId, place),
        properties: isRecord(kept) ? kept : {},
      },
    ]
  })
  for (const [name, output] of Object.entries(template.Outputs)) {
    const place: Place = { logicalId: name, type: 'Output', path: [] }
    if (output.Condition === undefined || scope.condition(output.Condition, place))
      resolve(output.Value, scope, place)
  }
  return resolved
}

function typeOf(place: Place) {
  const type = resourceTypes[place.type]
  if (type !== undefined) return type
  throw new TemplateError(
    place,
    'is of a resource type that one machine does not know: add it to infra/local/template/resource-types.ts',
  )
}

function order(resources: Readonly<Record<string, ResourceTemplate>>): string[] {
  const ordered: string[] = []
  const state = new Map<string, 'open' | 'done'>()
  const visit = (logicalId: string, path: readonly string[]): void => {
    const resource = resources[logicalId]
    if (resource === undefined || state.get(logicalId) === 'done') return
    if (state.get(logicalId) === 'open') {
      throw new Error(
        `The template has a circular dependency, which CloudFormation refuses: ${[...path, logicalId].join(' → ')}.`,
      )
    }
    state.set(logicalId, 'open')
    const explicit = resource.DependsOn ?? []
    const needed = new Set([
      ...(typeof explicit === 'string' ? [explicit] : explicit),
      ...referencesOf(resource.Properties),
    ])
    for (const other of needed) visit(other, [...path, logicalId])
    state.set(logicalId, 'done')
    ordered.push(logicalId)
  }
  for (const logicalId of Object.keys(resources)) visit(logicalId, [])
  return ordered
}
