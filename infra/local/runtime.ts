import { type Credentials, openAccess, variablesOf, writeCredentials } from './access/access.ts'
import { openDoor } from './access/door.ts'
import { type AwsEndpoint, bucketsPath, openAwsEndpoint } from './aws-endpoint.ts'
import type { Clock } from './clock.ts'
import type { ManagedNodes } from './commands.ts'
import { closeToOthers, keepToOwner, makeDataDirectory } from './data-directory.ts'
import { dataFile } from './data-files.ts'
import { installDate } from './date.ts'
import { checkSpace, watchSpace } from './disk.ts'
import { openDynamo } from './dynamodb/dynamo.ts'
import type { DomainFiles } from './http/api.ts'
import { openIssuer, type TokenRequest } from './http/issuer.ts'
import { openSignIn } from './http/sign-in.ts'
import { declaredEnvironment } from './lambda/declared.ts'
import { withAddress } from './lambda/environment.ts'
import { type LogLine, openLogFiles } from './lambda/log.ts'
import { lockDirectory } from './lock.ts'
import { openClock } from './machine-clock.ts'
import { mailIdentity } from './mail.ts'
import type { Message } from './queues/queue.ts'
import { checkSpeed } from './speed.ts'
import { readCloudAssembly } from './template/cloud-assembly.ts'
import { ofType } from './template/read.ts'
import { resolveStack } from './template/stack.ts'
import { region } from './template/types/type.ts'
import { wire } from './wiring.ts'

/** Drydock on this machine, ready to answer. */
export interface Runtime {
  /** The address of the HTTP API. */
  readonly url: string
  /** Where agents ask, each with a certificate; undefined: at `url`. */
  readonly agentsUrl: string | undefined
  /** Where the services are, by the names that the AWS SDK knows. */
  readonly endpoints: Readonly<Record<string, string>>
  /** Who may do everything at these services; functions may do what their roles say. */
  readonly administrator: Credentials
  readonly clock: Clock
  /**
   * Moves the clock ahead to an instant, as if that time had passed with nobody asking anything: it stops at every instant for which
   * something waits, a schedule, a timeout or a retry, in order, and goes on when what followed from it is over. What comes every so
   * often by a rate comes once a stop. Only a clock that runs ahead of the wall can be moved.
   */
  moveTo(instant: number): Promise<void>
  /** Returns a token that the HTTP API accepts. */
  issueToken(request: TokenRequest): Promise<string>
  /** Runs a function by logical id, name or ARN; rejects with a FunctionError. */
  invoke(functionName: string, payload: unknown): Promise<unknown>
  /** Logical id → what `Ref` gives: the physical name of most, the ARN or URL of some. */
  readonly resources: Readonly<Record<string, string>>
  /** What functions are told by the template, by the name of the variable. */
  readonly variables: Readonly<Record<string, string>>
  /** The messages of a queue, by its logical id or ARN. */
  messages(queue: string): readonly Message[]
  /** Stops taking requests, lets what is under way finish, and keeps the rest for the next start. */
  stop(): Promise<void>
  readonly dynamo: {
    readonly endpoint: string
    /** Undefined when the emulator is somebody else's. */
    readonly pid: number | undefined
    /** Prunes stream records now; returns how many went. */
    prune(): number
  }
}

export interface RuntimeOptions {
  /** The directory with the synthesized template, `cdk.out`. */
  readonly template: string
  /** The directory that holds everything which outlives a start. */
  readonly data: string
  /** The port of the HTTP API; 0 takes a free one. */
  readonly port?: number
  /** How many times as fast as the wall the clock runs. */
  readonly speed?: number
  /** Values of the template's parameters, beside those that the local issuer gives. */
  readonly parameters?: Readonly<Record<string, string>>
  /** By this domain alone agents ask, with certificates of their own: its name, its files and its port (0 takes a free one). Left out: at the address of the API, without. */
  readonly agents?:
    | { readonly domain: string; readonly files: DomainFiles; readonly port: number }
    | undefined
  /** Plays the managed nodes of Systems Manager: none, where it is left out. */
  readonly nodes?: ManagedNodes
  /** Stands between the door and DynamoDB: is given its address, and gives its own. */
  readonly before?: (dynamo: string) => Promise<string>
  /** Takes what functions log, instead of the files below `logs/`. */
  readonly logs?: (line: LogLine) => void
  /** Takes what the runtime itself has to say. */
  readonly log?: (line: string) => void
  /** Is called once when the disk is nearly full, with what to do: a runtime without space can do nothing but end. */
  readonly exhausted?: (error: Error) => void
}

let running = false

/** Returns the parameters of a domain for agents; what they say of its files is not read here. */
function domainParameters(domain: string): Readonly<Record<string, string>> {
  return {
    AgentDomain: domain,
    AgentCertificate: `arn:aws:acm:${region}:000000000000:certificate/of-this-machine`,
    AgentTruststore: 's3://of-this-machine/authorities.pem',
    AgentTruststoreVersion: 'of-this-start',
  }
}

/** Returns where the console of an API on this machine is, by both names that browsers know the machine by. */
function consolesAt(url: string): readonly string[] {
  if (url === '') return []
  const page = `${url}/console`
  return [page, page.replace('//127.0.0.1:', '//localhost:')]
}

/**
 * Runs a synthesized template on this machine and resolves when it answers. It takes over the `Date` of this process when its clock shows
 * another time, so a process holds one runtime at a time; a second one on the same data is refused.
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { data, port = 0, speed = 1, log = () => {}, exhausted } = options
  if (running)
    throw new Error(
      'This process runs a runtime already: stop it first, as its clock may be the one of the process.',
    )
  makeDataDirectory(data)
  checkSpace(data)
  running = true
  // Whatever was opened is closed again in reverse order, at the end or when the start fails.
  const closing: (() => void | Promise<void>)[] = [
    () => {
      running = false
    },
  ]
  const close = async () => {
    for (const one of closing.splice(0).reverse()) await one()
  }
  try {
    closing.push(keepToOwner())
    closeToOthers(data)
    closing.push(lockDirectory(data))
    const assembly = readCloudAssembly(options.template)
    checkSpeed(assembly.template, speed)
    if (exhausted !== undefined) closing.push(watchSpace(data, exhausted))
    const clock = openClock({ file: dataFile(data, 'clock.json'), speed })
    closing.push(() => clock.stop())
    if (clock.differs) closing.push(installDate(clock))
    const issuer = await openIssuer(data, clock)
    let url = ''
    const signIn = await openSignIn({ issuer, consoles: () => consolesAt(url) })
    closing.push(() => signIn.close())
    const resources = resolveStack(assembly, {
      Issuer: issuer.issuerUrl,
      Audience: issuer.audience,
      RoleClaim: 'roles',
      MailIdentities: mailIdentity,
      ...signIn.parameters,
      ...(options.agents && domainParameters(options.agents.domain)),
      ...options.parameters,
    })
    const dynamo = await openDynamo({
      directory: data,
      clock,
      log,
      foreignEndpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB,
    })
    closing.push(() => dynamo.stop())
    const write = options.logs ?? openLogFiles(dataFile(data, 'logs'))
    const told: Record<string, string> = { ...(process.env.NODE_ENV && { NODE_ENV: process.env.NODE_ENV }) }
    const access = openAccess(resources, log)
    writeCredentials(data, access.administrator)
    const machine = await wire({
      ...{ assembly, resources, data, clock, issuer, dynamo, write, log },
      nodes: options.nodes ?? (() => undefined),
      domainFiles: options.agents?.files,
      address: () => url,
      own: (functionArn) => ({ ...told, ...variablesOf(access.credentialsOf(functionArn)) }),
    })
    closing.push(() => machine.close())
    const aws: AwsEndpoint = await openAwsEndpoint(machine.services, access)
    closing.push(() => aws.close())
    const behind = (await options.before?.(dynamo.endpoint)) ?? dynamo.endpoint
    const door = await openDoor(behind, access, machine.tables)
    closing.push(() => door.close())
    const endpoints = {
      AWS_ENDPOINT_URL_DYNAMODB: door.url,
      AWS_ENDPOINT_URL_SFN: aws.url,
      AWS_ENDPOINT_URL_EVENTBRIDGE: aws.url,
      AWS_ENDPOINT_URL_SCHEDULER: aws.url,
      AWS_ENDPOINT_URL_KMS: aws.url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.url,
      AWS_ENDPOINT_URL_SSM: aws.url,
      AWS_ENDPOINT_URL_SESV2: aws.url,
      AWS_ENDPOINT_URL_CLOUDWATCH: aws.url,
      AWS_ENDPOINT_URL_SQS: aws.url,
      AWS_ENDPOINT_URL_S3: `${aws.url}${bucketsPath}`,
    }
    Object.assign(told, endpoints, { AWS_REGION: region })
    closing.push(() => machine.pause())
    // Functions are told the address, so that none may run before it is known.
    url = await machine.listen(port)
    const agentsUrl = await machine.listenAtDomain(options.agents?.port ?? 0)
    machine.resume()

    const refs = Object.fromEntries(resources.map(({ logicalId, identity }) => [logicalId, identity.ref]))
    const variables: Record<string, string> = {}
    for (const one of ofType(resources, 'AWS::Lambda::Function'))
      Object.assign(variables, withAddress(declaredEnvironment(one).variables, url))
    const arnOf = (name: string) =>
      resources.find(({ logicalId }) => logicalId === name)?.identity.attributes.Arn ?? name
    const moveTo = async (instant: number): Promise<void> => {
      await machine.settled()
      for (let next = clock.next(); next !== undefined && next < instant; next = clock.next()) {
        clock.moveTo(next)
        await machine.settled()
      }
      clock.moveTo(instant)
      await machine.settled()
    }
    return {
      url,
      agentsUrl,
      endpoints,
      administrator: access.administrator,
      clock,
      moveTo,
      issueToken: (request) => issuer.token(request),
      invoke: (functionName, payload) => machine.invoke(arnOf(functionName), payload),
      resources: refs,
      variables,
      messages: (queue) => machine.queues.list(arnOf(queue)),
      stop: close,
      dynamo: {
        endpoint: dynamo.endpoint,
        get pid() {
          return dynamo.pid
        },
        prune: () => dynamo.prune(),
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
