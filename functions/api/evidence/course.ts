import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import type { RecordedPlan } from '../../domain/upgrade/state.ts'
import type { Log } from '../../log/log.ts'

/** What the stream of an upgrade says of the other streams that tell about it. */
export interface Course {
  readonly request: UpgradeRequest
  /** The rollout that it is a part of; null: of none. */
  readonly rollout: string | null
  /** When it was asked for, and when its last commit was made. */
  readonly from: string
  readonly to: string
  readonly plan: RecordedPlan | null
  /** By member: was it ever admitted? */
  readonly admitted: Uint8Array
  /** By member: the first commit of its target that the upgrade cites; 0: none. */
  readonly cited: Uint32Array
}

function admit(admitted: Uint8Array, { data }: Extract<UpgradeEvent, { type: 'TargetsAdmitted' }>): void {
  for (const [from, to] of data.members) admitted.fill(1, from, to)
}

/** Reads the stream of an upgrade up to a commit. What it keeps is a few bytes a member. Undefined: it says nothing of a request. */
export async function courseOf(log: Log, id: string, commit: number): Promise<Course | undefined> {
  let course: Course | undefined
  for await (const { event, at } of log.of(upgradeAggregate, id).events({ to: commit, consistent: true })) {
    if (event.type === 'UpgradeRequested') {
      const { request, rollout } = event.data
      const nobody = { admitted: new Uint8Array(), cited: new Uint32Array() }
      course = { request, rollout: rollout?.id ?? null, from: at, to: at, plan: null, ...nobody }
    }
    if (!course) continue
    course = { ...course, to: at }
    if (event.type === 'UpgradePlanned') {
      const { members } = event.data
      course = {
        ...course,
        plan: event.data,
        admitted: new Uint8Array(members),
        cited: new Uint32Array(members),
      }
    }
    if (event.type === 'TargetsAdmitted') admit(course.admitted, event)
    if (event.type === 'OutcomesRecorded')
      for (const { member, commit: cited } of event.data.outcomes) course.cited[member] ||= cited
  }
  return course
}
