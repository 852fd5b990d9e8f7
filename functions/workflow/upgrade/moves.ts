import { systemActor } from '../../domain/actor.ts'
import type { Rejection } from '../../domain/rejection.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import type { UpgradeDecision } from '../../domain/upgrade/draft.ts'
import { finishUpgrade, startWave } from '../../domain/upgrade/execution.ts'
import type { Move } from '../../domain/upgrade/position.ts'
import { exists, type UpgradeState } from '../../domain/upgrade/state.ts'
import { tick } from '../../domain/upgrade/tick.ts'
import { admissionFacts } from '../../facts/admission.ts'
import { silenceOf } from '../../facts/silence.ts'
import type { Loaded, Log } from '../../log/log.ts'
import { patience } from '../../patience.ts'
import { startChild } from '../../planning/children.ts'
import { type PlanningServices, writePlan } from '../../planning/planning.ts'
import { type MakeMove, movesOf } from '../moves.ts'
import { type Execution, executionName } from '../workflow.ts'
import { upgradeWorkflow } from './upgrade.ts'

type Make = MakeMove<PlanningServices, UpgradeState, Move>

/** The rollback that an abort asked for cannot be: a person has to look. */
class RollbackRefused extends Error {
  override readonly name = 'RollbackRefused'
  constructor(upgrade: string, { code, detail }: Rejection) {
    super(`The rollback of ${upgrade} was refused (${code}): ${detail}`)
  }
}

/** Step Functions tries the task again when others kept winning. */
async function decide(
  log: Log,
  execution: Execution,
  from: Loaded<UpgradeState>,
  decision: UpgradeDecision,
): Promise<UpgradeState> {
  const cause = { actor: systemActor, correlation: executionName(execution) }
  const upgrade = log.of(upgradeAggregate, execution.id)
  const { loaded } = await upgrade.carryOut(decision, cause, { retryFor: patience.facts, from })
  return loaded.state
}

const plan: Make = async (services, { id }) => {
  await writePlan(services, id)
  return (await services.log.load(upgradeAggregate, id)).state
}

const beginWave: Make = async (services, execution, from, { place: wave }) => {
  const facts = await admissionFacts(services, from.state)
  return decide(services.log, execution, from, startWave({ wave, generation: execution.generation }, facts))
}

/** A wait timed out: the upgrade is told the time, and who has fallen silent where it has watched a wave for long. */
const askTheLog: Make = async (services, execution, from) => {
  const [facts, silence] = await Promise.all([
    admissionFacts(services, from.state),
    silenceOf(services, execution.id, from.state),
  ])
  return decide(services.log, execution, from, tick(facts, silence))
}

/** Starts the rollback that an abort asked for. Throws when it is refused: an execution must not ask for the same again and again. */
const revert: Make = async (services, { id }, { state }) => {
  const { by = systemActor, breakGlass } = (exists(state) && state.abort) || {}
  const command = {
    kind: 'rollback',
    parent: id,
    by,
    ...(breakGlass !== undefined && { breakGlass }),
  } as const
  const result = await startChild(services, command, id)
  if ('rejected' in result) throw new RollbackRefused(id, result.rejected)
  return (await services.log.load(upgradeAggregate, id)).state
}

const finish: Make = ({ log }, execution, from) =>
  decide(log, execution, from, finishUpgrade({ generation: execution.generation }))

/** Makes one move of an upgrade's execution and answers where it goes on. */
export const moveUpgrade = movesOf(upgradeWorkflow, {
  plan,
  'start-wave': beginWave,
  tick: askTheLog,
  revert,
  finish,
})
