import { noEffect, type Shape } from '../shapes.ts'

/** What references to a resource give: its `Ref`, and its attributes for `Fn::GetAtt`. */
export interface Identity {
  readonly ref: string
  readonly attributes: Readonly<Record<string, string>>
}

/** What one machine knows about a resource type. */
export interface ResourceType {
  /** The property that holds the physical name; without it the name is made of stack and logical id. */
  readonly nameProperty?: string
  readonly properties: Readonly<Record<string, Shape>>
  identify(resource: {
    readonly name: string
    readonly logicalId: string
    readonly properties: Readonly<Record<string, unknown>>
  }): Identity
}

/** The account and region that every ARN on one machine names. */
export const account = '000000000000'
export const region = 'eu-central-1'

/** Returns an ARN of the one account and region of this machine. */
export const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${region}:${account}:${resource}`

/** What the URL of every queue on this machine begins with, before its name. */
export const queueUrls = `https://sqs.${region}.amazonaws.com/${account}/`

/** Identifies a resource whose `Ref` is its name and that has an ARN. */
export const byName =
  (service: string, prefix: string): ResourceType['identify'] =>
  ({ name }) => ({ ref: name, attributes: { Arn: arn(service, `${prefix}${name}`) } })

/** Identifies a resource whose `Ref` is its ARN. */
export const byArn =
  (service: string, prefix: string): ResourceType['identify'] =>
  ({ name }) => ({
    ref: arn(service, `${prefix}${name}`),
    attributes: { Arn: arn(service, `${prefix}${name}`) },
  })

/** Identifies a resource that others know only by its logical id. */
export const byLogicalId: ResourceType['identify'] = ({ logicalId }) => ({ ref: logicalId, attributes: {} })

export const noAccessControl =
  'one machine checks what functions may do; what its own services may is covered by the template assertions'
export const descriptive = 'it only describes'
export const atRest = 'data at rest are files that the operating system protects'
export const noMetrics = 'one machine has no CloudWatch'

/** Describes properties none of which has an effect, all for one reason. */
export const without = (reason: string, names: readonly string[]): Readonly<Record<string, Shape>> =>
  Object.fromEntries(names.map((name) => [name, noEffect(reason)]))
