import type { ClockSight } from '../clock-sight.ts'
import type { LogLine } from './log.ts'

/** What the thread of an instance is started with. */
export interface InstanceData {
  readonly functionName: string
  readonly arn: string
  /** The file of the bundle, and what it exports. */
  readonly file: string
  readonly exportName: string
  readonly timeoutSeconds: number
  readonly memoryMegabytes: number
  readonly clock: ClockSight
}

/** What the thread of an instance is asked: to do something, or only whether it answers. */
export type Asked =
  | {
      readonly kind: 'call'
      readonly requestId: string
      /** JSON. */
      readonly event: string
    }
  | { readonly kind: 'ping' }

/** What the thread of an instance says. An ending has the id of its call; that of the loading is `init`. */
export type Said = { readonly kind: 'log'; readonly line: LogLine } | { readonly kind: 'pong' } | Ending

/** How a call ended. */
export type Ending =
  /** With an answer, as JSON. */
  | { readonly kind: 'answer'; readonly requestId: string; readonly text: string }
  | {
      readonly kind: 'failure'
      readonly requestId: string
      readonly errorType: string
      readonly errorMessage: string
      readonly trace: readonly string[]
    }
