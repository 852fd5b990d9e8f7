import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { Rearranged } from '../../domain/upgrade/rearranged.ts'
import { Replay, type ReplayPolicy } from '../../domain/upgrade/replay.ts'
import type { Operate } from '../http/endpoint.ts'
import { pastOf } from '../http/story.ts'
import { upgradeNotFound } from './history.ts'
import { waveNumber } from './wave-number.ts'

type Contract = (typeof upgradeContracts)['replayUpgrade']
type Asked = Parameters<Operate<Contract>>[0]['body']

function policyOf({ failureThreshold, unreachableThreshold, failureBudget, gate }: Asked): ReplayPolicy {
  return {
    ...(failureThreshold && { failures: { ...failureThreshold, action: 'pause' } }),
    ...(unreachableThreshold && { unreachable: unreachableThreshold }),
    ...(failureBudget !== undefined && { budget: failureBudget }),
    ...(gate !== undefined && { gate }),
  }
}

/** Says from the log alone where an upgrade would have stopped by other rules, or in other waves (N4). */
export const replayUpgrade: Operate<Contract> = async ({ params, body }, { log }) => {
  const { waves, parallel, bakeSeconds } = body
  const arranged = waves !== undefined || parallel !== undefined || bakeSeconds !== undefined
  const arrangement = {
    ...(waves && { waves }),
    ...(parallel && { parallel }),
    ...(bakeSeconds !== undefined && { bakeSeconds }),
  }
  const policy = policyOf(body)
  const replay = arranged ? new Rearranged(policy, arrangement) : new Replay(policy)
  let isThere = false
  for await (const { event, commit, at, actor } of pastOf(log, upgradeAggregate, params.id)) {
    isThere = true
    replay.hear(event, { commit, at, actor })
  }
  if (!isThere) throw upgradeNotFound()
  const { stop, figures, exposed, seconds, isKnown } = replay.end()
  const stops = stop && { ...stop, wave: waveNumber(stop.wave) }
  return { status: 200, body: { upgradeId: params.id, stops, exposed, ...figures, seconds, known: isKnown } }
}
