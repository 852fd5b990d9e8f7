import { join } from 'node:path'
import type { Dynamo } from '../dynamodb/dynamo.ts'
import { openTableStream } from '../dynamodb/stream.ts'
import { checkPattern } from '../events/check-pattern.ts'
import type { MachineClock } from '../machine-clock.ts'
import type { Queues } from '../queues/queue.ts'
import type { CloudAssembly } from '../template/cloud-assembly.ts'
import { numberOf, onFailure, optional } from '../template/read.ts'
import { isRecord } from '../template/shapes.ts'
import type { Resource } from '../template/stack.ts'
import { account, region } from '../template/types/type.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { Wanted } from './environment.ts'
import { type EventSourceMapping, openEventSourceMapping } from './event-source-mapping.ts'
import { type LocalFunction, openFunction, type Surroundings } from './function.ts'

/** Returns the ARN of a function from its name or ARN, without a qualifier. */
export function functionArn(nameOrArn: string): string {
  if (nameOrArn.startsWith('arn:')) return nameOrArn.split(':').slice(0, 7).join(':')
  return `arn:aws:lambda:${region}:${account}:function:${nameOrArn}`
}

/** Prepares the function that an `AWS::Lambda::Function` declares. */
export function declaredFunction(
  resource: Resource,
  assembly: CloudAssembly,
  surroundings: Surroundings,
): LocalFunction {
  const { identity, properties } = resource
  const key = isRecord(properties.Code) ? properties.Code.S3Key : undefined
  if (key === undefined)
    throw new Error(`${resource.logicalId} (${resource.type}) has no Code.S3Key: its code must be an asset.`)
  return openFunction(
    {
      name: identity.ref,
      arn: functionArn(identity.ref),
      bundle: join(assembly.asset(String(key))),
      handler: String(properties.Handler),
      timeoutSeconds: numberOf(properties.Timeout) ?? 3,
      memoryMegabytes: numberOf(properties.MemorySize) ?? 128,
      ...optional('concurrency', numberOf(properties.ReservedConcurrentExecutions)),
    },
    surroundings,
  )
}

/** Returns the environment that a function of a template wants. */
export function declaredEnvironment({ identity, properties }: Resource): Wanted {
  const { Variables = {} } = isRecord(properties.Environment) ? properties.Environment : {}
  const variables = isRecord(Variables) ? Object.entries(Variables) : []
  return {
    functionName: identity.ref,
    variables: Object.fromEntries(variables.map(([name, value]) => [name, String(value)])),
  }
}

/** Returns the archive of the layer that a function has; undefined: it has none. Throws where it has several, or one that the template does not have. */
export function declaredLayer(
  { logicalId, properties }: Resource,
  resources: readonly Resource[],
  assembly: CloudAssembly,
): string | undefined {
  const [arn, ...others] = Array.isArray(properties.Layers) ? properties.Layers.map(String) : []
  if (arn === undefined) return undefined
  const layer = resources.find(
    ({ type, identity }) => type === 'AWS::Lambda::LayerVersion' && identity.ref === arn,
  )
  const content = layer?.properties.Content
  if (others.length > 0 || !isRecord(content))
    throw new Error(`${logicalId} has Layers that one machine does not know: it takes one, of the template.`)
  return assembly.asset(String(content.S3Key))
}

/** A mapping with the table that it reads. */
export interface DeclaredMapping {
  readonly table: string
  /** One that is switched off reads nothing, but its checkpoint still holds the stream. */
  readonly enabled: boolean
  readonly mapping: EventSourceMapping
}

/** Prepares the mapping that an `AWS::Lambda::EventSourceMapping` declares. */
export function declaredMapping(
  resource: Resource,
  parts: {
    readonly dynamo: Dynamo
    readonly functions: ReadonlyMap<string, LocalFunction>
    readonly queues: Queues
    readonly checkpoints: Checkpoints
    readonly clock: MachineClock
    log(line: string): void
  },
): DeclaredMapping {
  const { dynamo, functions, queues, checkpoints, clock, log } = parts
  const { logicalId, type, properties } = resource
  const arn = String(properties.EventSourceArn)
  const tableName = /^arn:aws:dynamodb:[^:]+:[^:]+:table\/([^/]+)\/stream\//.exec(arn)?.[1]
  if (tableName === undefined) {
    throw new Error(
      `${logicalId} (${type}) EventSourceArn is ${arn}; one machine maps streams of DynamoDB tables only.`,
    )
  }
  const table = dynamo.table(tableName)
  if (table.streamArn === undefined)
    throw new Error(`${logicalId} (${type}) reads the stream of ${tableName}, which has none.`)
  const target = functions.get(functionArn(String(properties.FunctionName)))
  if (target === undefined) {
    throw new Error(
      `${logicalId} (${type}) FunctionName is ${String(properties.FunctionName)}, which is no function of the template.`,
    )
  }
  const queueArn = onFailure(properties.DestinationConfig)
  const responseTypes = properties.FunctionResponseTypes
  const mapping = openEventSourceMapping({
    settings: {
      id: logicalId,
      batchSize: numberOf(properties.BatchSize) ?? 100,
      batchingWindowSeconds: numberOf(properties.MaximumBatchingWindowInSeconds) ?? 0,
      parallelizationFactor: numberOf(properties.ParallelizationFactor) ?? 1,
      rules: {
        maximumRetryAttempts: numberOf(properties.MaximumRetryAttempts) ?? -1,
        maximumRecordAgeSeconds: numberOf(properties.MaximumRecordAgeInSeconds) ?? -1,
        bisect: properties.BisectBatchOnFunctionError === true,
        reportFailures: Array.isArray(responseTypes) && responseTypes.includes('ReportBatchItemFailures'),
      },
      filters: filtersOf(properties.FilterCriteria),
    },
    stream: openTableStream({ table: table.name, arn, region, request: dynamo.request }),
    partitionKey: table.partitionKey,
    target,
    checkpoints,
    clock,
    discard(letter) {
      log(
        `${logicalId} gave up ${letter.DDBStreamBatchInfo.batchSize} records (${letter.requestContext.condition}).`,
      )
      if (queueArn !== undefined)
        queues.send(queueArn, { ...letter, timestamp: new Date(clock.now()).toISOString() })
    },
    log,
  })
  return { table: table.name, enabled: properties.Enabled !== false, mapping }
}

function filtersOf(criteria: unknown): unknown[] {
  const filters = isRecord(criteria) && Array.isArray(criteria.Filters) ? criteria.Filters : []
  return filters.map((filter: unknown) => {
    const pattern: unknown = JSON.parse(String(isRecord(filter) ? filter.Pattern : undefined))
    checkPattern(pattern)
    return pattern
  })
}
