import { type EndedStatus, endedStatuses } from '../../../events/upgrade.ts'

/** Where an upgrade stands in its life. Ends are final. */
export type UpgradeStatus =
  | 'requested'
  | 'pending_approval'
  | 'scheduled'
  | 'running'
  | 'paused'
  | 'aborting'
  | EndedStatus

/** Is this the status of an upgrade that is over? */
export function isEnd(status: UpgradeStatus): status is EndedStatus {
  return endedStatuses.some((end) => end === status)
}
