import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import type { AdmissionFacts } from '../../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { memberAt } from '../../domain/upgrade/chunks.ts'
import { skipMember } from '../../domain/upgrade/control.ts'
import { exists, isPlanned, planOf } from '../../domain/upgrade/state.ts'
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
  const isThrough = isPlanned(state) && memberAt(state.chunks, member) === undefined
  const skipped = isThrough && (await wasSkipped(log, id, member))
  const asked = { member, by: input.principal.id, wasSkipped: skipped }
  const skip = (facts: AdmissionFacts) => skipMember(asked, facts)
  return acknowledged(id, await commandWithFacts(input, services, skip), `${targetId} skipped`)
}
