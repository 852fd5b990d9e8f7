/** What the deployed stack tells the functions, by the name of the environment variable that holds it. */
export const environmentNames = {
  logTable: 'LOG_TABLE',
  viewsTable: 'VIEWS_TABLE',
  workTable: 'WORK_TABLE',
  busName: 'BUS_NAME',
  upgradeMachineArn: 'UPGRADE_MACHINE_ARN',
  rolloutMachineArn: 'ROLLOUT_MACHINE_ARN',
  procedureMachines: 'PROCEDURE_MACHINES',
  procedureRoleArn: 'PROCEDURE_ROLE_ARN',
  procedureLogsArn: 'PROCEDURE_LOGS_ARN',
  stepFunctionArn: 'STEP_FUNCTION_ARN',
  helmFunctionArn: 'HELM_FUNCTION_ARN',
  roleClaim: 'ROLE_CLAIM',
  exposureTargets: 'EXPOSURE_TARGETS',
  exposurePercent: 'EXPOSURE_PERCENT',
  unsignedReleases: 'UNSIGNED_RELEASES',
  agentDomain: 'AGENT_DOMAIN',
  metricsNamespace: 'METRICS_NAMESPACE',
  windowsGroup: 'WINDOWS_GROUP',
  windowsFunctionArn: 'WINDOWS_FUNCTION_ARN',
  windowsRoleArn: 'WINDOWS_ROLE_ARN',
  windowsDeadLettersArn: 'WINDOWS_DEAD_LETTERS_ARN',
  deadLetterQueues: 'DEAD_LETTER_QUEUES',
  headsBucket: 'HEADS_BUCKET',
  headsKeyArn: 'HEADS_KEY_ARN',
  assignmentKeyArn: 'ASSIGNMENT_KEY_ARN',
  outboundHosts: 'OUTBOUND_HOSTS',
  helmBinary: 'HELM_BINARY',
  apiUrl: 'API_URL',
  signInIssuer: 'SIGN_IN_ISSUER',
  signInUrl: 'SIGN_IN_URL',
  signInTokenUrl: 'SIGN_IN_TOKEN_URL',
  signInClient: 'SIGN_IN_CLIENT',
  signInScope: 'SIGN_IN_SCOPE',
} as const

/** Settings that say something by being empty; any other that is empty was not set. */
const mayBeEmpty: readonly Setting[] = [
  'agentDomain',
  'outboundHosts',
  'signInUrl',
  'signInTokenUrl',
  'signInClient',
  'signInScope',
]

export type Setting = keyof typeof environmentNames

/** Settings by their names. */
export type Settings<Name extends Setting> = Readonly<Record<Name, string>>

/** Returns settings from the environment. Throws one error that names every variable which the stack did not set. */
export function readEnvironment<Name extends Setting>(names: readonly Name[]): Settings<Name> {
  const read = names.map((name) => [name, process.env[environmentNames[name]]] as const)
  const missing = read
    .filter(([name, value]) => value === undefined || (value === '' && !mayBeEmpty.includes(name)))
    .map(([name]) => environmentNames[name])
  if (missing.length > 0) {
    throw new Error(
      `These environment variables are not set: ${missing.join(', ')}. The stack gives each function those that it reads.`,
    )
  }
  return Object.fromEntries(read) as Settings<Name> // each name has its value
}

/** Returns where somebody told the AWS SDK, and us, to look for a service; undefined: where it is by itself. */
export function endpointOf(
  service: 'CLOUDWATCH' | 'KMS' | 'S3' | 'SECRETS_MANAGER' | 'SESV2' | 'SQS' | 'SSM',
): string | undefined {
  return process.env[`AWS_ENDPOINT_URL_${service}`]
}

/** Credentials of AWS; `sessionToken` is left out where they are for good. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** Returns the credentials that Lambda sets for the role of a function; undefined where there are none. */
export function credentialsSet(): Credentials | undefined {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return undefined
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
  }
}

/** The log's index, whose name the stack and the functions share. */
export const catalogueIndex = 'Catalogue'

/** What the names of documents of heads begin with, in their bucket. */
export const headsPrefix = 'heads/'
