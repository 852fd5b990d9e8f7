import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { SFNClient } from '@aws-sdk/client-sfn'
import { openSend } from './aws-send.ts'
import { type BrowserFiles, readBrowserFiles, type SignIn } from './browser.ts'
import { type CloudWatch, openCloudWatch } from './cloudwatch.ts'
import { type DeadLetters, openDeadLetters, readQueues } from './dead-letters.ts'
import type { ExposureLimit } from './domain/plan/exposure.ts'
import type { UnsignedReleases } from './domain/policy/policy.ts'
import { endpointOf, readEnvironment, type Setting, type Settings } from './environment.ts'
import { openGuard, refusalOf } from './executors/guard.ts'
import { type Helm, openHelm } from './executors/helm/helm.ts'
import { type Mail, openMail } from './executors/mail.ts'
import { type Outbound, openOutbound } from './executors/outbound.ts'
import { readOutboundHosts } from './executors/outbound-hosts.ts'
import { type Commands, openCommands } from './executors/run-command.ts'
import { openSecrets, type Secrets } from './executors/secrets.ts'
import { openWebhooks, type Webhooks } from './executors/webhook.ts'
import { openKeptHeads, openVault, type Vault } from './heads/vault.ts'
import { dynamoStore, openLog } from './log/dynamo.ts'
import { streamHeads as headsOf, type KeptHeads, type StreamHeads } from './log/heads.ts'
import type { Log } from './log/log.ts'
import { countIn } from './metrics.ts'
import type { Service } from './signed-request.ts'
import { openPublicKey, openSigner, type PublicKey, type Signer } from './signer.ts'
import { openViewStore, openViews } from './views/dynamo.ts'
import type { ViewStore } from './views/store.ts'
import type { Views } from './views/views.ts'
import { type Executions, openExecutions } from './work/executions.ts'
import { type Inbox, openInbox } from './work/inbox.ts'
import { type Messages, openMessages } from './work/messages.ts'
import { openParked, type Parked } from './work/parked.ts'
import { openProbes, type Probes } from './work/probes.ts'
import { type Callbacks, openCallbacks } from './work/procedure-callbacks.ts'
import { openProcedureMachines, type ProcedureMachines } from './work/procedure-machines.ts'
import { openProgress, type Progress } from './work/progress.ts'
import { openPublished, type Published } from './work/published.ts'
import { openRedemption, type Redemption } from './work/redemption.ts'
import { openRepeats, type Repeats } from './work/repeats.ts'
import { openTelemetry, type Telemetry } from './work/telemetry.ts'
import { openTokens, type Tokens } from './work/tokens.ts'
import { type WindowSchedules, whenAsked } from './work/window-schedules.ts'

/** What functions reach in the deployed stack, and what they are told by it. No function needs it all. */
export interface Connections {
  readonly log: Log
  readonly views: Views
  readonly viewStore: ViewStore
  readonly tokens: Tokens
  readonly redemption: Redemption
  readonly telemetry: Telemetry
  readonly parked: Parked
  readonly repeats: Repeats
  readonly published: Published
  /** How far the reconciliation has come. */
  readonly progress: Progress
  readonly windowSchedules: WindowSchedules
  /** The bus of public events. */
  readonly bus: { readonly client: EventBridgeClient; readonly name: string }
  /** Those of the state machine that drives upgrades. */
  readonly upgradeExecutions: Executions
  /** Those of the state machine that drives rollouts. */
  readonly rolloutExecutions: Executions
  /** Those of procedures, one a revision. */
  readonly procedureMachines: ProcedureMachines
  /** The claim of a token that lists the roles of a person. */
  readonly roleClaim: string
  /** Where what functions count is found in CloudWatch. */
  readonly metricsNamespace: string
  /** How much one person may expose at once. */
  readonly exposure: ExposureLimit
  /** What the deployment says of releases that nobody has signed. */
  readonly unsignedReleases: UnsignedReleases
  /** By which domain agents are let in alone, with a certificate of their own; empty: by any, and without. */
  readonly agentDomain: string
  readonly streamHeads: StreamHeads
  readonly vault: Vault
  /** The same documents, for those who only read them. */
  readonly keptHeads: KeptHeads
  readonly signer: Signer
  /** Signs what is handed over to agents. */
  readonly assignmentSigner: Signer
  /** The half of that key which verifies. */
  readonly assignmentKey: () => Promise<PublicKey>
  /** Calls other systems, as far as the deployment lets it. */
  readonly outbound: Outbound
  readonly secrets: Secrets
  /** What was seen of domains while rollouts ran. */
  readonly probes: Probes
  /** Returns why the deployment does not let a URL be called, as far as can be said without asking for its addresses; undefined: it does. */
  readonly uncallable: (url: string) => string | undefined
  /** The program, where it is at hand. */
  readonly helm: Helm
  /** Run Command of Systems Manager. */
  readonly commands: Commands
  /** What signs messages that go out. */
  readonly webhooks: Webhooks
  /** Who may call back, and for which step. */
  readonly callbacks: Callbacks
  readonly cloudWatch: CloudWatch
  /** Where what was given up lies, and is made good by the reconciliation. */
  readonly deadLetters: DeadLetters
  /** What leaves to people and programs, and what people find here. */
  readonly messages: Messages
  readonly inbox: Inbox
  readonly mail: Mail
  /** Where others reach the API. */
  readonly apiUrl: string
  /** Who issues the tokens of people. */
  readonly issuer: string
  /** Where people sign in to the console. */
  readonly signIn: SignIn
  /** What lies beside the function for browsers. */
  readonly browserFiles: BrowserFiles
  /** The present instant, in milliseconds since the epoch. */
  now(): number
}

/** How one of them is opened, and what it has to be told for that. */
interface Connection<Value, Name extends Setting = Setting> {
  readonly settings: readonly Name[]
  open(settings: Settings<Name>): Value
}

// Without side effects, so that a bundle holds only the clients that its function uses.
/* @__NO_SIDE_EFFECTS__ */
function connection<Value, const Name extends Setting>(
  settings: readonly Name[],
  open: (settings: Settings<Name>) => Value,
): Connection<Value, Name> {
  return { settings, open }
}

/* @__NO_SIDE_EFFECTS__ */
function once<Value>(open: () => Value): () => Value {
  let opened: { readonly value: Value } | undefined
  return () => {
    opened ??= { value: open() }
    return opened.value
  }
}

const now = () => Date.now()
const dynamo = once(() => new DynamoDBClient({ maxAttempts: 5 }))
const stepFunctions = once(() => new SFNClient({ maxAttempts: 5 }))

export const log = connection(['logTable'], ({ logTable: table }) =>
  openLog({ client: dynamo(), table, now }),
)
export const views = connection(['viewsTable'], ({ viewsTable: table }) =>
  openViews({ client: dynamo(), table }),
)
export const viewStore = connection(['viewsTable'], ({ viewsTable: table }) =>
  openViewStore({ client: dynamo(), table }),
)
export const tokens = connection(['workTable'], ({ workTable: table }) =>
  openTokens({ client: dynamo(), table, now }),
)
export const telemetry = connection(['workTable'], ({ workTable: table }) =>
  openTelemetry({ client: dynamo(), table, now }),
)
export const parked = connection(['workTable'], ({ workTable: table }) =>
  openParked({ client: dynamo(), table, now }),
)
export const repeats = connection(['workTable'], ({ workTable: table }) =>
  openRepeats({ client: dynamo(), table, now }),
)
export const published = connection(['workTable'], ({ workTable: table }) =>
  openPublished({ client: dynamo(), table, now }),
)
export const progress = connection(['workTable'], ({ workTable: table }) =>
  openProgress({ client: dynamo(), table, name: 'reconcile', now }),
)
export const probes = connection(['workTable'], ({ workTable: table }) =>
  openProbes({ client: dynamo(), table, now }),
)
export const redemption = connection([], () => openRedemption(stepFunctions()))
export const windowSchedules = connection(
  ['windowsGroup', 'windowsFunctionArn', 'windowsRoleArn', 'windowsDeadLettersArn'],
  ({ windowsGroup, windowsFunctionArn, windowsRoleArn, windowsDeadLettersArn }) =>
    whenAsked(async () => {
      const { openWindowScheduler } = await import('./work/window-scheduler.ts')
      return openWindowScheduler({
        group: windowsGroup,
        functionArn: windowsFunctionArn,
        roleArn: windowsRoleArn,
        deadLetterArn: windowsDeadLettersArn,
      })
    }),
)
export const bus = connection(['busName'], ({ busName: name }) => ({
  client: new EventBridgeClient({ maxAttempts: 5 }),
  name,
}))
export const upgradeExecutions = connection(['upgradeMachineArn'], ({ upgradeMachineArn: machineArn }) =>
  openExecutions({ client: stepFunctions(), machineArn }),
)
export const rolloutExecutions = connection(['rolloutMachineArn'], ({ rolloutMachineArn: machineArn }) =>
  openExecutions({ client: stepFunctions(), machineArn }),
)
export const procedureMachines = connection(
  ['procedureMachines', 'procedureRoleArn', 'procedureLogsArn', 'stepFunctionArn', 'helmFunctionArn'],
  ({
    procedureMachines: prefix,
    procedureRoleArn: roleArn,
    procedureLogsArn: logGroupArn,
    stepFunctionArn: step,
    helmFunctionArn: helm,
  }) => openProcedureMachines(stepFunctions(), { prefix, roleArn, logGroupArn, tasks: { step, helm } }),
)
export const agentDomain = connection(['agentDomain'], (settings) => settings.agentDomain)
export const roleClaim = connection(['roleClaim'], (settings) => settings.roleClaim)
export const metricsNamespace = connection(['metricsNamespace'], (settings) => settings.metricsNamespace)
export const exposure = connection(['exposureTargets', 'exposurePercent'], (settings) => {
  const [targets, percent] = [Number(settings.exposureTargets), Number(settings.exposurePercent)]
  if (Number.isFinite(targets) && Number.isFinite(percent)) return { targets, percent }
  const given = `${settings.exposureTargets} and ${settings.exposurePercent}`
  throw new Error(`How much one person may expose has to be two numbers, not ${given}.`)
})

export const unsignedReleases = connection(['unsignedReleases'], ({ unsignedReleases: said }) => {
  if (said === 'allowed' || said === 'refused') return said
  throw new Error(`Releases that nobody has signed are allowed or refused, not "${said}".`)
})

/** A few requests are no reason to bundle more clients of the SDK: it says who we are and where, and the rest is a signature. */
function sendTo(service: Service, addressOf: (region: string) => string, tries = 4) {
  const { credentials, region } = dynamo().config
  return openSend({
    service,
    addressOf,
    credentials: () => credentials(),
    region: () => region(),
    now,
    tries,
  })
}
export const streamHeads = connection(['logTable'], ({ logTable: table }) =>
  headsOf(dynamoStore({ client: dynamo(), table })),
)
/* @__NO_SIDE_EFFECTS__ */
function sendToBucket(bucket: string) {
  const elsewhere = endpointOf('S3')
  return sendTo('s3', (region) =>
    elsewhere ? `${elsewhere}/${bucket}` : `https://${bucket}.s3.${region}.amazonaws.com`,
  )
}
export const vault = connection(['headsBucket'], ({ headsBucket }) => openVault(sendToBucket(headsBucket)))
export const keptHeads = connection(['headsBucket'], ({ headsBucket }) =>
  openKeptHeads(sendToBucket(headsBucket)),
)
/* @__NO_SIDE_EFFECTS__ */
function sendToKeys(tries?: number) {
  return sendTo('kms', (region) => endpointOf('KMS') ?? `https://kms.${region}.amazonaws.com`, tries)
}
export const signer = connection(['headsKeyArn'], ({ headsKeyArn }) => openSigner(sendToKeys(), headsKeyArn))
// A caller waits: what is not answered twice is answered by its next call.
export const assignmentSigner = connection(['assignmentKeyArn'], ({ assignmentKeyArn }) =>
  openSigner(sendToKeys(2), assignmentKeyArn),
)
export const assignmentKey = connection(['assignmentKeyArn'], ({ assignmentKeyArn }) =>
  openPublicKey(sendToKeys(2), assignmentKeyArn),
)

export const outbound = connection(['outboundHosts'], ({ outboundHosts }) =>
  openOutbound(openGuard(readOutboundHosts(outboundHosts)), now),
)
export const uncallable = connection(['outboundHosts'], ({ outboundHosts }) => {
  const hosts = readOutboundHosts(outboundHosts)
  return (url: string) => refusalOf(hosts, url)?.why
})
export const helm = connection(['helmBinary', 'outboundHosts'], ({ helmBinary: binary, outboundHosts }) =>
  openHelm({ binary, guard: openGuard(readOutboundHosts(outboundHosts)), now }),
)
export const commands = connection([], () =>
  openCommands(
    // Once: a command that was sent and not answered is looked for, not sent again.
    sendTo('ssm', (region) => endpointOf('SSM') ?? `https://ssm.${region}.amazonaws.com`, 1),
  ),
)
export const cloudWatch = connection([], () =>
  openCloudWatch(
    sendTo(
      'monitoring',
      (region) => endpointOf('CLOUDWATCH') ?? `https://monitoring.${region}.amazonaws.com`,
      2,
    ),
    now,
  ),
)
export const deadLetters = connection(['deadLetterQueues'], ({ deadLetterQueues }) =>
  openDeadLetters(
    // What is not answered twice is asked again a quarter of an hour later.
    sendTo('sqs', (region) => endpointOf('SQS') ?? `https://sqs.${region}.amazonaws.com`, 2),
    readQueues(deadLetterQueues),
  ),
)
export const webhooks = connection([], () => openWebhooks())
export const callbacks = connection(['workTable'], ({ workTable: table }) =>
  openCallbacks({ client: dynamo(), table }),
)
export const messages = connection(['workTable'], ({ workTable: table }) =>
  openMessages({ client: dynamo(), table, now }),
)
export const inbox = connection(['workTable'], ({ workTable: table }) =>
  openInbox({ client: dynamo(), table, now }),
)
export const mail = connection([], () =>
  openMail(sendTo('ses', (region) => endpointOf('SESV2') ?? `https://email.${region}.amazonaws.com`)),
)
export const apiUrl = connection(['apiUrl'], (settings) => settings.apiUrl)
export const issuer = connection(['signInIssuer'], (settings) => settings.signInIssuer)
export const signIn = connection(
  ['signInIssuer', 'signInUrl', 'signInTokenUrl', 'signInClient', 'signInScope', 'roleClaim'],
  (told): SignIn => ({
    ...{ issuer: told.signInIssuer, client: told.signInClient, scope: told.signInScope },
    ...{ authorizationUrl: told.signInUrl, tokenUrl: told.signInTokenUrl, roleClaim: told.roleClaim },
  }),
)
export const browserFiles = connection([], () => readBrowserFiles(new URL('./files/', import.meta.url)))
export const secrets = connection([], () =>
  openSecrets({
    ask: sendTo(
      'secretsmanager',
      (region) => endpointOf('SECRETS_MANAGER') ?? `https://secretsmanager.${region}.amazonaws.com`,
    ),
    now,
  }),
)

type Wanted = { readonly [Name in Exclude<keyof Connections, 'now'>]?: Connection<Connections[Name]> }

/**
 * Returns the connections that are wanted, and the clock. All of their settings are read at once, and what is missing is named by one
 * error; each is opened when it is first used. Only the entry files of functions connect, when they are loaded: everything else
 * is given what it reaches.
 */
export function connect<Names extends Wanted>(
  wanted: Names,
): Pick<Connections, Extract<keyof Names, keyof Connections> | 'now'> {
  const connections = Object.entries(wanted)
  const settings = readEnvironment([...new Set(connections.flatMap(([, { settings }]) => settings))])
  // Nothing is handed on to count with: what functions count is their output, as their words are.
  if (wanted.metricsNamespace) countIn(settings.metricsNamespace)
  const opened = { now }
  for (const [name, { open }] of connections) {
    Object.defineProperty(opened, name, { enumerable: true, get: once(() => open(settings)) })
  }
  return opened as ReturnType<typeof connect<Names>> // every name that is wanted has its getter
}
