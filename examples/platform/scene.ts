import type { ChildProcess } from 'node:child_process'
import type { Call } from '../../infra/local/demo/api.ts'
import type { Screen } from '../../infra/local/demo/screen.ts'
import type { Options } from './options.ts'
import type { Servers } from './servers.ts'

/** The people, the servers and the screen of the example. */
export interface Scene {
  readonly options: Options
  readonly screen: Screen
  readonly operator: Call
  readonly second: Call
  readonly servers: Servers
  /** Ends the runtime with SIGKILL, in the middle of whatever it does, and starts it again on the same data. */
  killRuntime(): Promise<ChildProcess>
}

/** What the example reads of `GET /api/v1/rollouts/{id}/status`. */
export interface Rollout {
  readonly rolloutId: string
  readonly status: string
  readonly completedAt: string | null
  readonly holds: readonly { readonly code: string; readonly ref: string | null }[]
  readonly phases: readonly Phase[]
}

/** One phase of a rollout, with where its upgrade stands. */
export interface Phase {
  readonly name: string
  readonly status: string
  readonly upgradeId: string | null
  readonly total: number
  readonly completed: number
  readonly failed: number
  readonly inProgress: number
  readonly holds: readonly { readonly code: string; readonly ref?: string | null }[]
}

/** What the example reads of `GET /api/v1/targets/{id}/steps`. */
export interface Steps {
  readonly attempt: string
  readonly outcome: string | null
  readonly steps: readonly {
    readonly step: string
    readonly name: string
    readonly direction: 'there' | 'back'
    readonly status: string
    readonly code: string | null
    readonly output: string | null
    readonly ask: string | null
  }[]
}
