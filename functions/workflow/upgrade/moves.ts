import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { finishUpgrade, startWave } from '../../domain/upgrade/execution.ts'
import type { Move } from '../../domain/upgrade/position.ts'
import type { UpgradeState } from '../../domain/upgrade/state.ts'
import { tick } from '../../domain/upgrade/tick.ts'
import { admissionFacts } from '../../facts/admission.ts'
import { silenceOf } from '../../facts/silence.ts'
import { patience } from '../../patience.ts'
import { startOwnRollback } from '../../planning/children.ts'
import { type PlanningServices, writePlan } from '../../planning/planning.ts'
import { decided, type MakeMove, movesOf } from '../moves.ts'
import { upgradeWorkflow } from './upgrade.ts'

type Make = MakeMove<PlanningServices, UpgradeState, Move>

/** What admits is decided by facts that were just read, and goes on while these are good. */
const trying = { retryFor: patience.facts }

const plan: Make = async (services, { id }) => {
  await writePlan(services, id)
  return (await services.log.load(upgradeAggregate, id)).state
}

const beginWave: Make = async (services, execution, from, { place: wave }) => {
  const facts = await admissionFacts(services, execution.id, from.state)
  return decided(
    upgradeWorkflow,
    services.log,
    execution,
    from,
    startWave({ wave, generation: execution.generation }, facts),
    trying,
  )
}

/** A wait timed out: the upgrade is told the time, and who has fallen silent where it has watched a wave for long. */
const askTheLog: Make = async (services, execution, from) => {
  const [facts, silence] = await Promise.all([
    admissionFacts(services, execution.id, from.state),
    silenceOf(services, execution.id, from.state),
  ])
  return decided(upgradeWorkflow, services.log, execution, from, tick(facts, silence), trying)
}

/** Starts the rollback that an abort asked for; where there is nothing to take back, the upgrade ends without one. */
const revert: Make = async (services, execution, from) => {
  const { generation, id } = execution
  if (await startOwnRollback(services, id)) return (await services.log.load(upgradeAggregate, id)).state
  const unchanged = finishUpgrade({ generation, unchanged: true })
  return decided(upgradeWorkflow, services.log, execution, from, unchanged, trying)
}

const finish: Make = ({ log }, execution, from) =>
  decided(upgradeWorkflow, log, execution, from, finishUpgrade({ generation: execution.generation }), trying)

/** Makes one move of an upgrade's execution and answers where it goes on. */
export const moveUpgrade = movesOf(upgradeWorkflow, {
  plan,
  'start-wave': beginWave,
  tick: askTheLog,
  revert,
  finish,
})
