import { type Hold, keepsEverybodyOut } from './hold.ts'
import type { UpgradeStatus } from './status.ts'

/** What the job of an upgrade waits for, as seed 001 counts its queue; `delayed` is held by a window, a stop or a pause. */
export type QueueState = 'waiting' | 'active' | 'completed' | 'failed' | 'delayed'

const states: Readonly<Record<UpgradeStatus, QueueState>> = {
  requested: 'waiting',
  pending_approval: 'waiting',
  scheduled: 'waiting',
  running: 'active',
  aborting: 'active',
  paused: 'delayed',
  completed: 'completed',
  completed_with_exceptions: 'completed',
  aborted: 'failed',
  failed: 'failed',
  rejected: 'failed',
  expired: 'failed',
}

/** Returns where the job of an upgrade is in its queue: a closed window or a stop delays what has not begun as well as what runs. */
export function queueStateOf({
  status,
  holds,
}: {
  readonly status: UpgradeStatus
  readonly holds: readonly Hold[]
}): QueueState {
  return keepsEverybodyOut(holds) ? 'delayed' : states[status]
}
