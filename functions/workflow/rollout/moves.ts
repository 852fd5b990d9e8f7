import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { finishRollout, startPhases, tick } from '../../domain/rollout/execution.ts'
import { isAwaited } from '../../domain/rollout/phases.ts'
import type { Move } from '../../domain/rollout/position.ts'
import { exists, type RolloutState } from '../../domain/rollout/state.ts'
import { overtakenOf } from '../../facts/overtaken.ts'
import { steerPhases } from '../../planning/phases.ts'
import type { PlanningServices } from '../../planning/planning.ts'
import { startOwnRollback } from '../../planning/rollbacks.ts'
import { writeRolloutPlan } from '../../planning/rollouts.ts'
import { causeOf, decided, type MakeMove, movesOf } from '../moves.ts'
import { rolloutWorkflow } from './rollout.ts'

type Make = MakeMove<PlanningServices, RolloutState, Move>

const present = async ({ log }: PlanningServices, id: string) => (await log.load(rolloutAggregate, id)).state

const plan: Make = async (services, { id }) => {
  await writeRolloutPlan(services, id)
  return present(services, id)
}

/** Those that wait for a phase begin only while what it had put there is there still. */
const beginPhases: Make = async (services, execution, from) => {
  const { id: rollout, generation } = execution
  const { state } = from
  const overtaken = new Map<number, number>()
  for (const [number, phase] of exists(state) ? state.phases.entries() : []) {
    if (
      phase.end?.passed &&
      !phase.accepted &&
      phase.overtaken === null &&
      exists(state) &&
      isAwaited(state, number)
    )
      overtaken.set(number, await overtakenOf(services.log, phase))
  }
  await decided(
    rolloutWorkflow,
    services.log,
    execution,
    from,
    startPhases({ rollout, generation, overtaken }),
  )
  await steerPhases(services, rollout, causeOf(execution))
  return present(services, rollout)
}

const askTheLog: Make = ({ log }, execution, from) => decided(rolloutWorkflow, log, execution, from, tick())

/** Starts the rollback that an abort asked for. */
const revert: Make = async (services, { id }) => {
  await startOwnRollback(services, id)
  return present(services, id)
}

const finish: Make = ({ log }, execution, from) =>
  decided(rolloutWorkflow, log, execution, from, finishRollout({ generation: execution.generation }))

/** Makes one move of a rollout's execution and answers where it goes on. */
export const moveRollout = movesOf(rolloutWorkflow, {
  plan,
  'start-phases': beginPhases,
  tick: askTheLog,
  revert,
  finish,
})
