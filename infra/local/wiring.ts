import { setTimeout as delay } from 'node:timers/promises'
import type { AwsServices } from './aws-endpoint.ts'
import { openBuckets } from './buckets.ts'
import { type ManagedNodes, openCommandsOfMachine } from './commands.ts'
import { dataFile } from './data-files.ts'
import { openDatabase } from './database.ts'
import type { Dynamo } from './dynamodb/dynamo.ts'
import type { Table } from './dynamodb/tables.ts'
import { createHttpApi, type DomainFiles, type HttpApi } from './http/api.ts'
import { declaredHttpApi } from './http/declared.ts'
import type { Issuer } from './http/issuer.ts'
import { openKeys } from './keys.ts'
import { watchActivity } from './lambda/activity.ts'
import { openAsynchronousInvocations } from './lambda/asynchronous.ts'
import { openCheckpoints } from './lambda/checkpoints.ts'
import { declaredMapping, functionArn } from './lambda/declared.ts'
import { openFunctions } from './lambda/functions.ts'
import type { LogLine } from './lambda/log.ts'
import type { MachineClock } from './machine-clock.ts'
import { openMailOfMachine } from './mail.ts'
import { openMetricsOfMachine } from './metrics.ts'
import { openQueues, type Queues } from './queues/queue.ts'
import { openSecretsOfMachine } from './secrets.ts'
import { openServices } from './services.ts'
import { openTargets } from './targets.ts'
import type { CloudAssembly } from './template/cloud-assembly.ts'
import { numberOf, ofType, onFailure, optional } from './template/read.ts'
import type { Resource } from './template/stack.ts'

/** All the parts of a template, connected. */
export interface Machine {
  readonly services: AwsServices
  readonly queues: Queues
  /** The tables of the template, by their names. */
  readonly tables: ReadonlyMap<string, Table>
  invoke(nameOrArn: string, payload: unknown): Promise<unknown>
  /** Lets everything move, beginning with what an earlier process left undone. */
  resume(): void
  /** Starts to answer HTTP requests; resolves to the address. */
  listen(port: number): Promise<string>
  /** Starts to answer at the domain that agents come by; resolves to its URL, undefined where the template has none. */
  listenAtDomain(port: number): Promise<string | undefined>
  /** Resolves when nothing is under way: no function runs, no stream holds news, and nothing is due that has not begun. */
  settled(): Promise<void>
  /** Takes nothing new and lets what is under way finish. */
  pause(): Promise<void>
  close(): Promise<void>
}

// A handler that hangs must not keep a clean stop waiting: what it was doing is noted and comes again.
const patience = 10_000

/** Builds what a template declares. Nothing moves before `resume`. */
export async function wire(options: {
  readonly assembly: CloudAssembly
  readonly resources: readonly Resource[]
  readonly data: string
  readonly clock: MachineClock
  readonly issuer: Issuer
  readonly dynamo: Dynamo
  /** What each function is told beside what the template says; asked for when it is first called. */
  own(functionArn: string): Readonly<Record<string, string>>
  /** Returns the address of the HTTP API, where it has one by now. */
  address(): string
  /** Plays the managed nodes of Systems Manager. */
  readonly nodes: ManagedNodes
  readonly domainFiles: DomainFiles | undefined
  /** Takes what functions log. */
  write(line: LogLine): void
  log(line: string): void
}): Promise<Machine> {
  const { assembly, resources, data, clock, issuer, dynamo, own, address, nodes, domainFiles, write, log } =
    options
  const database = openDatabase(dataFile(data, 'runtime.sqlite'))

  const queues = openQueues(database, clock)
  for (const { identity, properties } of ofType(resources, 'AWS::SQS::Queue')) {
    queues.create(identity.attributes.Arn ?? '', numberOf(properties.MessageRetentionPeriod))
  }
  const tables = new Map<string, Table>()
  for (const resource of resources) {
    if (resource.type === 'AWS::DynamoDB::Table' || resource.type === 'AWS::DynamoDB::GlobalTable')
      tables.set(resource.identity.ref, await dynamo.provide(resource))
  }

  const activity = watchActivity(clock)
  const functions = openFunctions({ resources, assembly, data, activity, clock, own, address, write })
  const { invoke } = functions
  const asynchronous = openAsynchronousInvocations({ database, clock, functions: functions.byArn, queues })
  for (const { properties } of ofType(resources, 'AWS::Lambda::EventInvokeConfig')) {
    asynchronous.configure(functionArn(String(properties.FunctionName)), {
      ...optional('maximumRetryAttempts', numberOf(properties.MaximumRetryAttempts)),
      ...optional('maximumEventAgeSeconds', numberOf(properties.MaximumEventAgeInSeconds)),
      ...optional('onFailureQueueArn', onFailure(properties.DestinationConfig)),
    })
  }

  const targets = openTargets({ functions, asynchronous, queues })
  const services = await openServices({ resources, assembly, data, clock, targets, invoke })
  const { events, stepFunctions, scheduler } = services
  const keys = openKeys(resources, data)
  const secrets = openSecretsOfMachine(data)
  const mail = openMailOfMachine(data)
  const metrics = openMetricsOfMachine(data)
  const commands = openCommandsOfMachine({ file: dataFile(data, 'commands.sqlite'), clock, nodes })

  const checkpoints = openCheckpoints(database)
  const mappings = ofType(resources, 'AWS::Lambda::EventSourceMapping').map((resource) =>
    declaredMapping(resource, { dynamo, functions: functions.byArn, queues, checkpoints, clock, log }),
  )

  const apis = ofType(resources, 'AWS::ApiGatewayV2::Api').map((resource) => {
    const template = declaredHttpApi(resource, resources)
    return createHttpApi({ ...template, invoke, clock, issuer, domainFiles })
  })
  const [api, ...otherApis] = apis
  if (otherApis.length > 0)
    throw new Error('The template has several HTTP APIs; one machine has one address.')

  return {
    services: {
      stepFunctions: (operation, input) => stepFunctions.request(operation, input),
      machineOfToken: (token) => stepFunctions.machineOfToken(token),
      eventBridge: (operation, input) => events.request(operation, input),
      keys: (operation, input) => keys.request(operation, input),
      secrets: (operation, input) => secrets.request(operation, input),
      commands: (operation, input) => commands.request(operation, input),
      metrics: (operation, input) => metrics.request(operation, input),
      queues: (operation, input) => queues.request(operation, input),
      mail: (method, path, body) => mail.request(method, path, body),
      buckets: openBuckets(resources, data),
      scheduler: (...call) => scheduler.request(...call),
    },
    queues,
    tables,
    invoke,
    resume() {
      functions.check()
      asynchronous.resume()
      events.resume()
      stepFunctions.resume()
      scheduler.resume()
      for (const { mapping, enabled } of mappings) if (enabled) mapping.resume()
      dynamo.resume(
        mappings.map(({ table, enabled, mapping }) => ({
          ...mapping,
          table,
          wake: enabled ? mapping.wake : () => {},
        })),
      )
    },
    settled: () =>
      activity.over(() => {
        dynamo.look()
        return clock.overdue || mappings.some(({ enabled, mapping }) => enabled && mapping.busy)
      }),
    listen: (port) => listenOn(api, port),
    listenAtDomain: async (port) => api?.listenAtDomain(port),
    async pause() {
      await within(patience, api?.close())
      await within(
        patience,
        Promise.all([scheduler.stop(), ...mappings.map(({ mapping }) => mapping.stop())]),
      )
      await within(patience, stepFunctions.stop())
      await within(patience, events.stop())
      await within(patience, asynchronous.stop())
    },
    async close() {
      await functions.stop()
      commands.close()
      database.close()
    },
  }
}

async function listenOn(api: HttpApi | undefined, port: number): Promise<string> {
  if (api === undefined)
    throw new Error(
      'The template has no HTTP API (AWS::ApiGatewayV2::Api), so there is nothing to answer on.',
    )
  return api.listen(port)
}

async function within(milliseconds: number, work: Promise<unknown> | undefined): Promise<void> {
  await Promise.race([work, delay(milliseconds, undefined, { ref: false })])
}
