import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import type { AdmissionFacts } from '../../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { skipMember } from '../../domain/upgrade/control.ts'
import { exists, planOf } from '../../domain/upgrade/state.ts'
import { memberNamed } from '../../facts/plan-members.ts'
import { wasSkipped } from '../../facts/skipped.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import { acknowledged, commandWithFacts } from './command.ts'
import { upgradeNotFound } from './history.ts'

/** Leaves out a target that was not upgraded yet. */
export const skipTarget: Operate<(typeof upgradeContracts)['skipTarget']> = async (input, services) => {
  const { id, targetId } = input.params
  const { log } = services
  const { state } = await log.load(upgradeAggregate, id)
  if (!exists(state)) throw upgradeNotFound()
  const plan = planOf(state)
  if (!plan) throw new Problem('not-planned', 'The upgrade has no plan yet.')
  const member = await memberNamed(log, plan, targetId)
  if (member === undefined) throw new Problem('not-a-member', `${targetId} is no member of this upgrade.`)
  const asked = { member, by: input.principal.id }
  const skip = async (wasSkipped: boolean) => {
    const decide = (facts: AdmissionFacts) => skipMember({ ...asked, wasSkipped }, facts)
    return acknowledged(id, await commandWithFacts(input, services, decide), `${targetId} skipped`)
  }
  try {
    return await skip(false)
  } catch (problem) {
    // The state forgets who is through: the log knows who is because somebody has taken them out.
    const isOver = problem instanceof Problem && problem.code === 'attempt-over'
    if (isOver && (await wasSkipped(log, id, member))) return skip(true)
    throw problem
  }
}
