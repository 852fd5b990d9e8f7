import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { SchedulerClient } from '@aws-sdk/client-scheduler'
import { SFNClient } from '@aws-sdk/client-sfn'
import { environment, windowScheduleGroup } from './environment.ts'
import { openLog } from './log/dynamo.ts'
import type { Log } from './log/log.ts'
import { openViewStore, openViews } from './views/dynamo.ts'
import type { ViewStore } from './views/store.ts'
import type { Views } from './views/views.ts'
import { openParked, type Parked } from './work/parked.ts'
import { openRedemption, type Redemption } from './work/redemption.ts'
import { openTelemetry, type Telemetry } from './work/telemetry.ts'
import { openTokens, type Tokens } from './work/tokens.ts'
import { openWindowSchedules, type WindowSchedules } from './work/window-schedules.ts'

/** What a function reaches in the deployed stack. Each part is opened when it is first used: no function needs them all. */
export interface Connections {
  readonly log: Log
  readonly views: Views
  readonly viewStore: ViewStore
  readonly tokens: Tokens
  readonly redemption: Redemption
  readonly telemetry: Telemetry
  readonly parked: Parked
  readonly windowSchedules: WindowSchedules
  readonly bus: EventBridgeClient
  readonly stepFunctions: SFNClient
  readonly dynamo: DynamoDBClient
  /** The present instant, in milliseconds since the epoch. */
  now(): number
}

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
const bus = once(() => new EventBridgeClient({ maxAttempts: 5 }))
const log = once(() => openLog({ client: dynamo(), table: environment('logTable'), now }))
const views = once(() => openViews({ client: dynamo(), table: environment('viewsTable') }))
const viewStore = once(() => openViewStore({ client: dynamo(), table: environment('viewsTable') }))
const tokens = once(() => openTokens({ client: dynamo(), table: environment('workTable'), now }))
const redemption = once(() => openRedemption(stepFunctions()))
const telemetry = once(() => openTelemetry({ client: dynamo(), table: environment('workTable'), now }))
const parked = once(() => openParked({ client: dynamo(), table: environment('workTable'), now }))
const windowSchedules = once(() =>
  openWindowSchedules(new SchedulerClient({ maxAttempts: 5 }), {
    group: windowScheduleGroup,
    functionArn: environment('windowsFunctionArn'),
    roleArn: environment('windowsRoleArn'),
    deadLetterArn: environment('windowsDeadLettersArn'),
  }),
)

const connections: Connections = {
  get log() {
    return log()
  },
  get views() {
    return views()
  },
  get viewStore() {
    return viewStore()
  },
  get tokens() {
    return tokens()
  },
  get redemption() {
    return redemption()
  },
  get telemetry() {
    return telemetry()
  },
  get parked() {
    return parked()
  },
  get windowSchedules() {
    return windowSchedules()
  },
  get bus() {
    return bus()
  },
  get stepFunctions() {
    return stepFunctions()
  },
  get dynamo() {
    return dynamo()
  },
  now,
}

/** Returns the connections of this function; warm invocations share them. */
export function connect(): Connections {
  return connections
}
