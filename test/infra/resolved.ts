import { decideCondition } from '../../infra/local/template/conditions.ts'
import { resolve, type Scope } from '../../infra/local/template/intrinsics.ts'
import { resourceTypes } from '../../infra/local/template/resource-types.ts'
import { account, region } from '../../infra/local/template/types/type.ts'
import type { Template } from './synthesized.ts'

/** A resource whose references were replaced by what they would be in an account. */
export interface Resolved {
  readonly id: string
  readonly type: string
  readonly ref: string
  readonly attributes: Readonly<Record<string, string>>
  /** Whatever was written in the template; each test reads what it knows of. */
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON of a hundred forms.
  readonly properties: any
  readonly dependsOn: readonly string[]
}

const pseudo: Readonly<Record<string, string>> = {
  'AWS::AccountId': account,
  'AWS::Partition': 'aws',
  'AWS::Region': region,
  'AWS::URLSuffix': 'amazonaws.com',
}

/** Resolves every resource of a template, those that one machine leaves out too: policies, keys, alarms. */
export function resolvedStack(
  template: Template,
  stackName = 'Drydock',
  parameters: Readonly<Record<string, string>> = {},
): ReadonlyMap<string, Resolved> {
  const scope: Scope = {
    ref: (name) =>
      pseudo[name] ??
      parameters[name] ??
      template.Parameters[name]?.Default ??
      (name === 'AWS::StackName' ? stackName : identityOf(name).ref),
    attribute: (id, attribute) => {
      const value = identityOf(id).attributes[attribute]
      if (value === undefined) throw new Error(`${id} has no attribute ${attribute}.`)
      return value
    },
    condition: (name, place) => decideCondition(template.Conditions[name], scope, place),
  }
  const placeOf = (id: string) => ({ logicalId: id, type: template.Resources[id]?.Type ?? '', path: [] })

  function identityOf(id: string) {
    const resource = template.Resources[id]
    const type = resourceTypes[resource?.Type ?? '']
    if (!resource || !type) throw new Error(`There is no resource ${id}.`)
    const { Properties: properties = {} } = resource
    const named = type.nameProperty && properties[type.nameProperty]
    const name = named === undefined ? `${stackName}-${id}` : String(resolve(named, scope, placeOf(id)))
    return type.identify({ name, logicalId: id, properties })
  }

  return new Map(
    Object.entries(template.Resources).map(([id, resource]) => {
      const properties = resolve(resource.Properties ?? {}, scope, placeOf(id))
      const dependsOn = [resource.DependsOn ?? []].flat()
      return [id, { id, type: resource.Type, ...identityOf(id), properties, dependsOn }]
    }),
  )
}
