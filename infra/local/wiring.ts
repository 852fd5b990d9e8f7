import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { AwsServices } from './aws-endpoint.ts'
import { openDatabase } from './database.ts'
import { declaredDefinition, declaredHttpApi } from './declared.ts'
import type { Dynamo } from './dynamodb/dynamo.ts'
import type { ArchiveProperties } from './events/archive.ts'
import { openEventBridge } from './events/bus.ts'
import type { RuleProperties } from './events/rules.ts'
import { createHttpApi, type HttpApi } from './http/api.ts'
import type { Issuer } from './http/issuer.ts'
import { watchActivity } from './lambda/activity.ts'
import { openAsynchronousInvocations } from './lambda/asynchronous.ts'
import { openCheckpoints } from './lambda/checkpoints.ts'
import { type DeclaredMapping, declaredFunction, declaredMapping, functionArn } from './lambda/declared.ts'
import type { Wanted } from './lambda/environment.ts'
import { FunctionError, type LocalFunction } from './lambda/function.ts'
import type { FunctionLogs } from './lambda/log.ts'
import type { MachineClock } from './machine-clock.ts'
import { openQueues, type Queues } from './queues/queue.ts'
import { openScheduler } from './schedules/scheduler.ts'
import { openStepFunctions } from './stepfunctions/engine.ts'
import type { CloudAssembly } from './template/cloud-assembly.ts'
import { numberOf, ofType, onFailure, optional } from './template/read.ts'
import { isRecord } from './template/shapes.ts'
import type { Resource } from './template/stack.ts'
import { account, region } from './template/types/type.ts'

/** All the parts of a template, connected. */
export interface Machine {
  readonly services: AwsServices
  readonly queues: Queues
  invoke(nameOrArn: string, payload: unknown): Promise<unknown>
  /** Lets everything move, beginning with what an earlier process left undone. */
  resume(): void
  /** Starts to answer HTTP requests; resolves to the address. */
  listen(port: number): Promise<string>
  /** Resolves when nothing is under way: no function runs, no stream holds news, and nothing is due that has not begun. */
  settled(): Promise<void>
  /** Loads the bundles, one after the other, so that the first requests do not wait for it. */
  preload(): void
  /** Takes nothing new and lets what is under way finish. */
  pause(): Promise<void>
  close(): void
}

// A handler that hangs must not keep a clean stop waiting: what it was doing is noted and comes again.
const patience = 10_000

/** Returns the environment that the functions of a template want. */
export function environmentOf(resources: readonly Resource[]): Wanted[] {
  return ofType(resources, 'AWS::Lambda::Function').map(({ identity, properties }) => {
    const variables = isRecord(properties.Environment) ? properties.Environment.Variables : {}
    const texts = Object.entries(isRecord(variables) ? variables : {}).map(([name, value]) => [
      name,
      String(value),
    ])
    return { functionName: identity.ref, variables: Object.fromEntries(texts) }
  })
}

/** Builds what a template declares. Nothing moves before `resume`. */
export async function wire(options: {
  readonly assembly: CloudAssembly
  readonly resources: readonly Resource[]
  readonly data: string
  readonly clock: MachineClock
  readonly issuer: Issuer
  readonly dynamo: Dynamo
  readonly logs: FunctionLogs
  log(line: string): void
}): Promise<Machine> {
  const { assembly, resources, data, clock, issuer, dynamo, logs, log } = options
  const database = openDatabase(join(data, 'runtime.sqlite'))

  const queues = openQueues(database, clock)
  for (const { identity, properties } of ofType(resources, 'AWS::SQS::Queue')) {
    queues.create(identity.attributes.Arn ?? '', numberOf(properties.MessageRetentionPeriod))
  }
  for (const resource of resources) {
    if (resource.type === 'AWS::DynamoDB::Table' || resource.type === 'AWS::DynamoDB::GlobalTable')
      await dynamo.provide(resource)
  }

  const activity = watchActivity()
  const functions = new Map<string, LocalFunction>()
  for (const resource of ofType(resources, 'AWS::Lambda::Function')) {
    const built = declaredFunction(resource, assembly, logs)
    functions.set(built.arn, activity.watched(built))
  }
  const invoke = async (nameOrArn: string, payload: unknown): Promise<unknown> => {
    const target = functions.get(functionArn(nameOrArn))
    if (target === undefined)
      throw new FunctionError(
        'Lambda.ResourceNotFoundException',
        `Function not found: ${functionArn(nameOrArn)}`,
      )
    return target.invoke(payload)
  }

  const asynchronous = openAsynchronousInvocations({ database, clock, functions, queues })
  for (const { properties } of ofType(resources, 'AWS::Lambda::EventInvokeConfig')) {
    asynchronous.configure(functionArn(String(properties.FunctionName)), {
      ...optional('maximumRetryAttempts', numberOf(properties.MaximumRetryAttempts)),
      ...optional('maximumEventAgeSeconds', numberOf(properties.MaximumEventAgeInSeconds)),
      ...optional('onFailureQueueArn', onFailure(properties.DestinationConfig)),
    })
  }

  const deliver = async (targetArn: string, payload: unknown): Promise<void> => {
    if (functions.has(functionArn(targetArn))) asynchronous.add(functionArn(targetArn), payload)
    else if (targetArn.startsWith('arn:aws:sqs:')) queues.send(targetArn, payload)
    else throw new Error(`${targetArn} is neither a function nor a queue of the template.`)
  }
  const checkTarget = (resource: Resource, target: unknown) => {
    const arn = isRecord(target) ? String(target.Arn) : ''
    const known =
      functions.has(functionArn(arn)) ||
      resources.some(({ type, identity }) => type === 'AWS::SQS::Queue' && identity.attributes.Arn === arn)
    if (!known)
      throw new Error(
        `${resource.logicalId} (${resource.type}) has the target ${arn}; on one machine targets are functions and queues of the template.`,
      )
  }
  const deadLetter = (
    queueArn: string,
    letter: { readonly body: unknown; readonly attributes: Readonly<Record<string, string>> },
  ) => {
    queues.send(queueArn, letter.body, letter.attributes)
  }

  const events = openEventBridge({
    file: join(data, 'events.sqlite'),
    clock,
    deliver,
    deadLetter,
    region,
    account,
  })
  const stepFunctions = openStepFunctions({
    file: join(data, 'stepfunctions.sqlite'),
    clock,
    invoke,
    emit: (event) => events.put(event),
    region,
    account,
  })
  const scheduler = openScheduler({
    file: join(data, 'schedules.sqlite'),
    clock,
    deliver,
    deadLetter,
    region,
    account,
  })

  const checkpoints = openCheckpoints(database)
  const mappings: DeclaredMapping[] = []

  for (const resource of resources) {
    const { type, identity, properties } = resource
    if (type === 'AWS::StepFunctions::StateMachine') {
      const arn = stepFunctions.createStateMachine({
        name: String(identity.attributes.Name),
        definition: declaredDefinition(resource, assembly),
      })
      if (arn !== identity.ref)
        throw new Error(
          `The state machine ${resource.logicalId} got the ARN ${arn}, the template says ${identity.ref}.`,
        )
    }
    if (type === 'AWS::Events::EventBus') events.createBus(identity.ref)
    if (type === 'AWS::Events::Archive') {
      events.createArchive({ ...properties, ArchiveName: identity.ref } as unknown as ArchiveProperties) // checked by createArchive
    }
    if (type === 'AWS::Events::Rule') {
      for (const target of Array.isArray(properties.Targets) ? properties.Targets : [])
        checkTarget(resource, target)
      events.createRule({
        ...properties,
        Name: properties.Name ?? identity.ref.split('/').at(-1),
      } as RuleProperties) // checked by createRule
    }
    if (type === 'AWS::Scheduler::ScheduleGroup') {
      const { status, body } = await scheduler.request('POST', `/schedule-groups/${identity.ref}`, {}, {})
      if (status !== 200 && status !== 409)
        throw new Error(`The schedule group ${identity.ref} cannot be created: ${JSON.stringify(body)}`)
    }
    if (type === 'AWS::Scheduler::Schedule') {
      checkTarget(resource, properties.Target)
      scheduler.createFromTemplate({ ...properties, Name: identity.ref })
    }
    if (type === 'AWS::Lambda::EventSourceMapping') {
      mappings.push(declaredMapping(resource, { dynamo, functions, queues, checkpoints, clock, log }))
    }
  }

  const apis = ofType(resources, 'AWS::ApiGatewayV2::Api').map((resource) => {
    const template = declaredHttpApi(resource, resources)
    return createHttpApi({ ...template, invoke, clock, issuer })
  })
  const [api, ...otherApis] = apis
  if (otherApis.length > 0)
    throw new Error('The template has several HTTP APIs; one machine has one address.')

  return {
    services: {
      stepFunctions: (operation, input) => stepFunctions.request(operation, input),
      eventBridge: (operation, input) => events.request(operation, input),
      scheduler: (...call) => scheduler.request(...call),
    },
    queues,
    invoke,
    resume() {
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
      activity.over(() => clock.overdue || mappings.some(({ enabled, mapping }) => enabled && mapping.busy)),
    listen: (port) => listenOn(api, port),
    preload() {
      void (async () => {
        for (const one of functions.values()) {
          await one
            .load()
            .catch((error: unknown) => log(`The function ${one.name} does not load: ${String(error)}`))
          // Requests come first.
          await delay(1)
        }
      })()
    },
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
    close: () => database.close(),
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
