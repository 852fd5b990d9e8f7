import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Access, Refused } from './access/access.ts'
import {
  type Right,
  rightsOnBuses,
  rightsOnCommands,
  rightsOnKeys,
  rightsOnMachines,
  rightsOnMail,
  rightsOnMetrics,
  rightsOnObjects,
  rightsOnQueues,
  rightsOnSchedules,
  rightsOnSecrets,
} from './access/asked.ts'
import type { Buckets } from './buckets.ts'
import { mailPath } from './mail.ts'
import { isRecord } from './template/shapes.ts'

/** The services behind the endpoint, each as it answers one call. */
export interface AwsServices {
  /** Step Functions; throws {type, message}. */
  stepFunctions(operation: string, input: unknown): unknown
  /** The ARN of the state machine that waits for a token. */
  machineOfToken(token: string): string | undefined
  /** EventBridge; throws {type, message}. */
  eventBridge(operation: string, input: unknown): unknown
  /** KMS; throws {type, message}. */
  keys(operation: string, input: unknown): unknown
  /** Secrets Manager; throws {type, message}. */
  secrets(operation: string, input: unknown): unknown
  /** Run Command of Systems Manager; throws {type, message}. */
  commands(operation: string, input: unknown): unknown
  /** CloudWatch; throws {type, message}. */
  metrics(operation: string, input: unknown): unknown
  /** SQS; throws {type, message}. */
  queues(operation: string, input: unknown): unknown
  /** SES, whose API is REST; throws {type, message}. */
  mail(method: string, path: string, body: unknown): unknown
  /** S3, below the path `/s3`. */
  readonly buckets: Buckets
  /** EventBridge Scheduler, whose API is REST. */
  scheduler(
    method: string,
    path: string,
    query: Readonly<Record<string, string | undefined>>,
    body: unknown,
  ): Promise<{ readonly status: number; readonly body: unknown }>
}

/** The one address under which the AWS SDK of a handler finds the services of this machine. */
export interface AwsEndpoint {
  readonly url: string
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: unknown
  /** The body is text already. */
  readonly plain?: boolean
}

const maximumBytes = 16 * 1024 * 1024

/** The path below which the endpoint answers as S3. */
export const bucketsPath = '/s3'

/** Serves Step Functions, CloudWatch and SQS (JSON 1.0), EventBridge, KMS, Secrets Manager and Systems Manager (JSON 1.1), Scheduler and SES (REST JSON) and S3 (REST XML) on a free port of the loopback. */
export async function openAwsEndpoint(
  services: AwsServices,
  access: Pick<Access, 'demand'>,
): Promise<AwsEndpoint> {
  const server = createServer((request, response) => {
    void serve(request, services, access)
      .catch((error: unknown) => answerOfError(error, 'application/json'))
      .then((answer) => write(response, answer))
  })
  // The SDK keeps its connections; one that the server closed under it would fail a call.
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The AWS endpoint has no port.')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function serve(
  request: IncomingMessage,
  services: AwsServices,
  access: Pick<Access, 'demand'>,
): Promise<Answer> {
  const text = await textOf(request)
  const target = request.headers['x-amz-target']
  const url = new URL(request.url ?? '/', 'http://localhost')
  const query = Object.fromEntries(url.searchParams)
  const method = request.method ?? 'GET'
  const demand = (rights: () => readonly Right[]) => access.demand(request.headers.authorization, rights)
  if (url.pathname.startsWith(`${bucketsPath}/`)) {
    const path = url.pathname.slice(bucketsPath.length)
    try {
      demand(() => rightsOnObjects(method, path, query, request.headers))
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const code = error.type === 'AccessDeniedException' ? 'AccessDenied' : 'InvalidAccessKeyId'
      const body = `<Error><Code>${code}</Code><Message>${error.message}</Message></Error>`
      return { status: 403, contentType: 'application/xml', body, plain: true }
    }
    const answer = services.buckets.request(method, path, query, request.headers, text)
    return { status: answer.status, contentType: 'application/xml', body: answer.body, plain: true }
  }
  const body = jsonIn(text)
  if (url.pathname.startsWith(mailPath)) {
    demand(() => rightsOnMail(body))
    return {
      status: 200,
      contentType: 'application/json',
      body: services.mail(method, url.pathname, body),
    }
  }
  if (typeof target !== 'string') {
    demand(() => rightsOnSchedules(method, url.pathname, query, body))
    const answer = await services.scheduler(method, url.pathname, query, body)
    return { ...answer, contentType: 'application/json' }
  }
  const [service, operation = ''] = target.split('.')
  const later = ['AWSEvents', 'TrentService', 'secretsmanager', 'AmazonSSM'].includes(service ?? '')
  const contentType = later ? 'application/x-amz-json-1.1' : 'application/x-amz-json-1.0'
  try {
    if (service === 'AWSStepFunctions') {
      demand(() => rightsOnMachines(operation, body, (token) => services.machineOfToken(token)))
      return { status: 200, contentType, body: await services.stepFunctions(operation, body) }
    }
    if (service === 'AWSEvents') {
      demand(() => rightsOnBuses(operation, body))
      return { status: 200, contentType, body: await services.eventBridge(operation, body) }
    }
    if (service === 'TrentService') {
      demand(() => rightsOnKeys(operation, body))
      return { status: 200, contentType, body: services.keys(operation, body) }
    }
    if (service === 'secretsmanager') {
      demand(() => rightsOnSecrets(operation, body))
      return { status: 200, contentType, body: services.secrets(operation, body) }
    }
    if (service === 'AmazonSSM') {
      demand(() => rightsOnCommands(operation, body))
      return { status: 200, contentType, body: services.commands(operation, body) }
    }
    if (service === 'GraniteServiceVersion20100801') {
      demand(() => rightsOnMetrics(operation))
      return { status: 200, contentType, body: services.metrics(operation, body) }
    }
    if (service === 'AmazonSQS') {
      demand(() => rightsOnQueues(operation, body))
      return { status: 200, contentType, body: services.queues(operation, body) }
    }
  } catch (error) {
    return answerOfError(error, contentType)
  }
  const message = `One machine has no service ${service}: it serves AWSStepFunctions, AWSEvents, KMS, Secrets Manager, Systems Manager, CloudWatch, SQS, S3 and Scheduler.`
  return { status: 400, contentType, body: { __type: 'UnknownOperationException', message } }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maximumBytes)
      throw Object.assign(new Error('The request is too large.'), { type: 'RequestEntityTooLarge' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function jsonIn(text: string): unknown {
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw Object.assign(new Error('The request is not JSON.'), { type: 'SerializationException' })
  }
}

function answerOfError(error: unknown, contentType: string): Answer {
  const message = error instanceof Error ? error.message : String(error)
  const type =
    isRecord(error) || error instanceof Error ? (error as { readonly type?: unknown }).type : undefined // checked next
  if (error instanceof Refused) return { status: 403, contentType, body: { __type: type, message } }
  if (typeof type === 'string') return { status: 400, contentType, body: { __type: type, message } }
  return { status: 500, contentType, body: { __type: 'InternalFailure', message } }
}

function write(response: ServerResponse, { status, contentType, body, plain = false }: Answer): void {
  const type = isRecord(body) && typeof body.__type === 'string' ? { 'x-amzn-errortype': body.__type } : {}
  response.writeHead(status, { 'content-type': contentType, ...type })
  response.end(plain ? String(body) : JSON.stringify(body ?? {}))
}
