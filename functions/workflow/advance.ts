import * as z from 'zod'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import type { UpgradeDecision } from '../domain/upgrade/draft.ts'
import { finishUpgrade, startWave } from '../domain/upgrade/lifecycle.ts'
import type { Position } from '../domain/upgrade/position.ts'
import type { UpgradeState } from '../domain/upgrade/state.ts'
import { tick } from '../domain/upgrade/tick.ts'
import type { Loaded, Log } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { requestRollback } from '../planning/children.ts'
import { admissionFacts, factsAreGoodFor } from '../planning/facts.ts'
import { type PlanningServices, writePlan } from '../planning/planning.ts'
import { type Execution, positionOf } from './positions.ts'

const input = z.strictObject({
  action: z.enum(['locate', 'plan', 'start-wave', 'tick', 'revert', 'finish']),
  upgradeId: z.string(),
  generation: z.int().positive(),
})
type Input = z.output<typeof input>

async function decide(
  log: Log,
  execution: Execution,
  from: Loaded<UpgradeState>,
  decision: UpgradeDecision,
): Promise<UpgradeState> {
  const metadata = { actor: systemActor, correlation: `${execution.upgradeId}-${execution.generation}` }
  const options = { retryFor: factsAreGoodFor, from }
  const outcome = await log.execute(upgradeAggregate, execution.upgradeId, decision, metadata, options)
  // Step Functions tries the task again when the log kept refusing.
  return settled(`upgrade#${execution.upgradeId}`, outcome)
}

async function act(services: PlanningServices, { action, ...execution }: Input): Promise<UpgradeState> {
  const { log, now } = services
  const from = await log.load(upgradeAggregate, execution.upgradeId)
  const { state } = from
  if (from.commit === 0)
    throw new Error(
      `There is no upgrade ${execution.upgradeId}: an execution is started only after its request.`,
    )
  const present = positionOf(state, execution, new Date(now()).toISOString())
  if (present.move === 'superseded') return state
  switch (action) {
    case 'locate':
      return state
    case 'plan':
      await writePlan(services, execution.upgradeId)
      return (await log.load(upgradeAggregate, execution.upgradeId)).state
    case 'start-wave':
      return decide(
        log,
        execution,
        from,
        startWave({ ...execution, wave: present.wave }, await admissionFacts(log, state)),
      )
    case 'tick':
      return decide(log, execution, from, tick(await admissionFacts(log, state)))
    case 'revert':
      await revert(services, execution.upgradeId, state)
      return (await log.load(upgradeAggregate, execution.upgradeId)).state
    case 'finish':
      return decide(log, execution, from, finishUpgrade(execution))
  }
}

/** Starts the rollback that an abort asked for. Throws when it is refused: an execution must not ask for the same again and again. */
async function revert(services: PlanningServices, parent: string, { abort }: UpgradeState): Promise<void> {
  const by = abort?.by ?? systemActor
  const breakGlass = abort?.breakGlass
  const command = { parent, by, correlation: parent, ...(breakGlass !== undefined && { breakGlass }) }
  const result = await requestRollback(services, command)
  if ('rejected' in result)
    throw new Error(`The rollback of ${parent} was refused: ${result.rejected.detail}`)
}

/** Makes one move of an upgrade's execution and answers where it goes on. Making a move twice changes nothing. */
export async function advance(services: Required<PlanningServices>, event: unknown): Promise<Position> {
  const command = input.parse(event)
  const state = await act(services, command)
  return positionOf(state, command, new Date(services.now()).toISOString())
}
