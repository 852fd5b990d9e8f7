import type { TargetEvent } from '../../../events/target.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import type { TargetState } from '../../domain/target/state.ts'
import type { Projection } from '../projection.ts'
import { type TargetRow, viewNames } from '../rows.ts'

/** As much of the fold as the row remembers: what an event does to a target is said once, in the domain. */
function remembered(row: TargetRow | undefined): TargetState {
  if (!row) return targetAggregate.initial
  const { facts, components, drift, pin, retired, enrolled, memberships, licence = null } = row
  const keyHash = enrolled ? '' : null
  return {
    ...targetAggregate.initial,
    registered: true,
    facts,
    components,
    drift,
    pin,
    retired,
    keyHash,
    memberships,
    licence,
  }
}

/** Every target: what it is and runs. One write an attempt: its end. */
export const targets: Projection<TargetEvent, TargetRow> = {
  name: 'targets',
  place(event, { id }) {
    // What has no revision is of the attempt alone.
    if (!('revision' in event.data)) return undefined
    return { view: viewNames.targets.partOf(id), row: id, sequence: event.data.revision }
  },
  apply(body, event, context) {
    const { facts, components, drift, pin, retired, keyHash, memberships, licence } = targetAggregate.evolve(
      remembered(body),
      event,
      context,
    )
    // An assignment to a name that nobody registered is answered in that name's stream: there is no target to show.
    if (!facts) return 'deleted'
    return {
      id: context.id,
      facts,
      components,
      drift,
      pin,
      retired,
      enrolled: keyHash !== null,
      memberships,
      ...(licence && { licence }),
      lastOutcome: lastOutcome(event, context.at) ?? body?.lastOutcome ?? null,
      updatedAt: context.at,
    }
  },
}

function lastOutcome(event: TargetEvent, at: string): TargetRow['lastOutcome'] {
  switch (event.type) {
    case 'AttemptEnded':
    case 'AttemptRegressed': {
      const { attempt, upgrade, outcome, code } = event.data
      return { attempt, upgrade, outcome, code, at }
    }
    case 'AttemptRecovered': {
      const { attempt, upgrade } = event.data
      return { attempt, upgrade, outcome: 'succeeded', code: null, at }
    }
    default:
      return null
  }
}
