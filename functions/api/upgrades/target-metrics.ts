import type { targetUpgradeContracts } from '../../../contracts/target-upgrades.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { CountedUpgrades } from '../../domain/target/figures.ts'
import type { Operate } from '../http/endpoint.ts'
import { registeredTarget } from '../targets/registered.ts'

const types = [
  ...(['AttemptAssigned', 'AttemptAccepted', 'StepHeld', 'AttemptEnded'] as const),
  ...(['AttemptRegressed', 'AttemptRecovered'] as const),
]

/** Counts how the upgrades of a target have gone (V8), from its whole stream: whoever draws graphs asks once in a while. */
export const getUpgradeMetrics: Operate<(typeof targetUpgradeContracts)['getUpgradeMetrics']> = async (
  { params },
  { log },
) => {
  const { id } = params
  const { commit } = await registeredTarget(log, id)
  const counted = new CountedUpgrades()
  const told = log.of(targetAggregate, id).events({ to: commit, consistent: true }, types)
  for await (const { event, at } of told) counted.hear(event, at)
  return { status: 200, body: { targetId: id, ...counted.all }, etag: commit }
}
