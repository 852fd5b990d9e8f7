import { systemActor } from '../domain/upgrade/admission.ts'
import type { Log } from '../log/log.ts'
import { causedBy, type Duty, holds, streamOf } from './duty.ts'
import { healMembers } from './heal-members.ts'

/**
 * Resumed, or a hold is lifted: members that were admitted before may have been neither assigned nor withdrawn, when the hold was gone
 * again before the reactor came to it. They are assigned now instead of at their deadline.
 */
export function resumeTargets({ log }: { log: Log }): Duty {
  return {
    name: 'resume-targets',
    concerns: (commit) => holds(commit, 'UpgradeResumed', 'HoldLifted'),
    async act(commit) {
      const metadata = causedBy(commit, systemActor)
      await healMembers({ log, metadata, at: Date.parse(commit.at) }, streamOf(commit).id)
    },
  }
}
