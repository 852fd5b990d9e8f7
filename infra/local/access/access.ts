import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { sameSecret } from '../../../functions/same-secret.ts'
import { dataFile } from '../data-files.ts'
import { functionArn } from '../lambda/declared.ts'
import { ofType } from '../template/read.ts'
import { isRecord } from '../template/shapes.ts'
import type { Resource } from '../template/stack.ts'
import { account } from '../template/types/type.ts'
import type { Right } from './asked.ts'
import { checkStatement, judge, type Statement, type Verdict } from './policies.ts'

/** By what a caller is known to the services of this machine. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A call that was refused, as AWS answers it. */
export class Refused extends Error {
  readonly type: 'AccessDeniedException' | 'UnrecognizedClientException'

  constructor(type: Refused['type'], message: string) {
    super(message)
    this.type = type
  }
}

/** Who may do what on this machine: the policies of the template, and whose key is whose. */
export interface Access {
  /** Whoever may read the data directory: may do everything, as the administrator of an account. */
  readonly administrator: Credentials
  /** The credentials of a function, by its ARN. */
  credentialsOf(functionArn: string): Credentials
  /** Throws a Refused unless whoever signed with this header has all of the rights. */
  demand(authorization: string | undefined, rights: () => readonly Right[]): void
}

/** Returns what an AWS SDK finds credentials by in its environment. */
export function variablesOf({ accessKeyId, secretAccessKey }: Credentials): Record<string, string> {
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
}

/** Keeps credentials where their owner alone finds them, in the form that AWS's tools read: AWS_SHARED_CREDENTIALS_FILE names it. */
export function writeCredentials(directory: string, { accessKeyId, secretAccessKey }: Credentials): void {
  const text = `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`
  writeFileSync(dataFile(directory, 'aws-credentials'), text, { mode: 0o600 })
}

interface Caller {
  readonly name: string
  readonly role: string
  readonly statements: readonly Statement[]
}

/**
 * Reads the roles and policies of a template. Each function has a key of its own, made anew at every start and told to it alone, so that a
 * key says who calls; the signature itself is not looked at. Throws for a policy of a form that cannot be judged.
 */
export function openAccess(resources: readonly Resource[], log: (line: string) => void): Access {
  const policies = policiesByRole(resources)
  const attached = [...bucketPolicies(resources), ...tablePolicies(resources)]
  const callers = new Map<string, Caller>()
  const keys = new Map<string, Credentials>()
  for (const { identity, properties } of ofType(resources, 'AWS::Lambda::Function')) {
    const credentials = newCredentials()
    const role = String(properties.Role)
    const name = identity.ref
    keys.set(functionArn(name), credentials)
    callers.set(credentials.accessKeyId, { name, role, statements: policies.get(role) ?? [] })
  }
  const administrator = newCredentials()

  const verdictOn = ({ role, statements }: Caller, { action, resource, context = {} }: Right): Verdict => {
    const request = { principal: { role }, action, resource, context }
    // Objects, indexes and streams stand under what has the policy.
    const own = attached.find(([arn]) => resource === arn || resource.startsWith(`${arn}/`))
    const verdicts = [judge(statements, request), judge(own?.[1] ?? [], request)]
    return (['denied', 'allowed'] as const).find((one) => verdicts.includes(one)) ?? 'nobody allows it'
  }

  return {
    administrator,
    credentialsOf(arn) {
      const credentials = keys.get(arn)
      if (credentials === undefined) throw new Error(`There is no function ${arn} in the template.`)
      return credentials
    },
    demand(authorization, rights) {
      const [, key = ''] = /\bCredential=([^/\s,]+)\//.exec(authorization ?? '') ?? []
      if (sameSecret(key, administrator.accessKeyId)) return
      const caller = callers.get(key)
      if (caller === undefined)
        throw new Refused(
          'UnrecognizedClientException',
          'The security token included in the request is invalid: functions of this machine have keys of their own, and who keeps its data finds one in its file aws-credentials.',
        )
      const missing = rights().find((right) => verdictOn(caller, right) !== 'allowed')
      if (missing === undefined) return
      const { action, resource } = missing
      const why =
        verdictOn(caller, missing) === 'denied'
          ? 'with an explicit deny in a policy of the template'
          : 'because no policy of the template allows it'
      const session = `arn:aws:sts::${account}:assumed-role/${caller.role.split('/').at(-1)}/${caller.name}`
      const message = `User: ${session} is not authorized to perform: ${action} on resource: ${resource} ${why}`
      log(`Refused: ${message}.`)
      throw new Refused('AccessDeniedException', message)
    },
  }
}

function newCredentials(): Credentials {
  // Letters and digits, as AWS's are; 96 bits that nobody guesses.
  const accessKeyId = `AKIA${randomBytes(12).toString('hex').toUpperCase()}`
  return { accessKeyId, secretAccessKey: randomBytes(30).toString('base64') }
}

/** The statements of each role, by its ARN. */
function policiesByRole(resources: readonly Resource[]): ReadonlyMap<string, readonly Statement[]> {
  const roles = ofType(resources, 'AWS::IAM::Role')
  const arnOf = new Map(roles.map(({ identity }) => [identity.ref, identity.attributes.Arn ?? '']))
  const found = new Map<string, Statement[]>([...arnOf.values()].map((arn) => [arn, []]))
  for (const resource of roles) {
    const inline = Array.isArray(resource.properties.Policies) ? resource.properties.Policies : []
    for (const policy of inline.filter(isRecord))
      found
        .get(resource.identity.attributes.Arn ?? '')
        ?.push(...statementsOf(resource, policy.PolicyDocument))
  }
  for (const resource of ofType(resources, 'AWS::IAM::Policy')) {
    const { Roles, PolicyDocument } = resource.properties
    for (const role of Array.isArray(Roles) ? Roles : [])
      found.get(arnOf.get(String(role)) ?? '')?.push(...statementsOf(resource, PolicyDocument))
  }
  return found
}

/** A policy of something itself: its ARN, and the statements. */
type Attached = readonly [arn: string, statements: readonly Statement[]]

function bucketPolicies(resources: readonly Resource[]): readonly Attached[] {
  return ofType(resources, 'AWS::S3::BucketPolicy').map((resource) => [
    `arn:aws:s3:::${String(resource.properties.Bucket)}`,
    statementsOf(resource, resource.properties.PolicyDocument),
  ])
}

function tablePolicies(resources: readonly Resource[]): readonly Attached[] {
  return ofType(resources, 'AWS::DynamoDB::Table').flatMap((resource) => {
    const { ResourcePolicy } = resource.properties
    if (!isRecord(ResourcePolicy)) return []
    return [
      [
        resource.identity.attributes.Arn ?? '',
        statementsOf(resource, ResourcePolicy.PolicyDocument),
      ] as const,
    ]
  })
}

function statementsOf({ logicalId, type }: Resource, document: unknown): readonly Statement[] {
  const stated = isRecord(document) ? [document.Statement ?? []].flat() : []
  for (const statement of stated)
    try {
      checkStatement(statement as Statement) // what it is, it checks
    } catch (error) {
      throw new Error(`${logicalId} (${type}): ${error instanceof Error ? error.message : error}`)
    }
  return stated as Statement[] // each was checked
}
