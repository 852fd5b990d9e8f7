import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../template/shapes.ts'
import type { Resource } from '../template/stack.ts'
import { DynamoError, type DynamoRequest } from './request.ts'

/** What the rest of the runtime needs to know of a table. */
export interface Table {
  readonly name: string
  readonly partitionKey: string
  readonly sortKey: string | undefined
  readonly streamArn: string | undefined
  readonly timeToLive: string | undefined
}

/** Creates the table of a resource, or checks that the one of an earlier start still has that form. */
export async function provideTable(resource: Resource, request: DynamoRequest): Promise<Table> {
  const { logicalId, identity, properties } = resource
  const name = identity.ref
  const wanted = {
    AttributeDefinitions: properties.AttributeDefinitions,
    KeySchema: properties.KeySchema,
    GlobalSecondaryIndexes: properties.GlobalSecondaryIndexes,
    LocalSecondaryIndexes: properties.LocalSecondaryIndexes,
  }
  const stream = isRecord(properties.StreamSpecification)
    ? { StreamEnabled: true, StreamViewType: properties.StreamSpecification.StreamViewType }
    : undefined
  const timeToLive = timeToLiveOf(properties.TimeToLiveSpecification)
  if (stream !== undefined && timeToLive !== undefined) {
    throw new Error(
      `${logicalId} (${resource.type}) has both a stream and a time to live: the record of an expired item would not name the service as its author here. Use two tables.`,
    )
  }
  const existing = await describe(name, request)
  if (existing === undefined) {
    await request('DynamoDB_20120810.CreateTable', {
      TableName: name,
      ...wanted,
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: stream,
      DeletionProtectionEnabled: deletionProtection(properties),
    })
  } else if (!isDeepStrictEqual(formOf(existing), formOf({ ...wanted, StreamSpecification: stream }))) {
    throw new Error(
      `The table ${name} of this data directory has other keys, indexes or another stream than ${logicalId} of the template. One machine does not migrate tables: start on a new data directory.`,
    )
  }
  if (timeToLive !== undefined && existing === undefined) {
    await request('DynamoDB_20120810.UpdateTimeToLive', {
      TableName: name,
      TimeToLiveSpecification: { AttributeName: timeToLive, Enabled: true },
    })
  }
  const keys = Array.isArray(properties.KeySchema) ? properties.KeySchema.filter(isRecord) : []
  const key = (type: string) => keys.find(({ KeyType }) => KeyType === type)?.AttributeName
  const sortKey = key('RANGE')
  return {
    name,
    partitionKey: String(key('HASH')),
    sortKey: sortKey === undefined ? undefined : String(sortKey),
    streamArn: stream && identity.attributes.StreamArn,
    timeToLive,
  }
}

async function describe(name: string, request: DynamoRequest): Promise<Record<string, unknown> | undefined> {
  try {
    const { Table } = await request('DynamoDB_20120810.DescribeTable', { TableName: name })
    return isRecord(Table) ? Table : undefined
  } catch (error) {
    if (error instanceof DynamoError && error.name === 'ResourceNotFoundException') return undefined
    throw error
  }
}

/** The part of a description that cannot be changed in place, in a form that compares. */
function formOf(table: Record<string, unknown>): unknown {
  const indexes = (value: unknown) =>
    (Array.isArray(value) ? value : [])
      .filter(isRecord)
      .map(({ IndexName, KeySchema, Projection }) => JSON.stringify([IndexName, KeySchema, Projection]))
      .sort()
  return {
    keys: table.KeySchema,
    global: indexes(table.GlobalSecondaryIndexes),
    local: indexes(table.LocalSecondaryIndexes),
    stream: isRecord(table.StreamSpecification) ? table.StreamSpecification.StreamViewType : undefined,
  }
}

function deletionProtection(properties: Readonly<Record<string, unknown>>): unknown {
  const replica: unknown = Array.isArray(properties.Replicas) ? properties.Replicas[0] : undefined
  return (
    properties.DeletionProtectionEnabled ??
    (isRecord(replica) ? replica.DeletionProtectionEnabled : undefined) ??
    false
  )
}

function timeToLiveOf(specification: unknown): string | undefined {
  if (!isRecord(specification) || specification.Enabled === false) return undefined
  return String(specification.AttributeName)
}
