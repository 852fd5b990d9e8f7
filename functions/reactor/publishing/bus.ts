import type { EventBridgeClient } from '@aws-sdk/client-eventbridge'

/** The bus of public events. */
export interface PublicBus {
  readonly client: EventBridgeClient
  readonly name: string
}
