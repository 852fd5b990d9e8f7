import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { skipMember } from '../../domain/upgrade/control.ts'
import { exists } from '../../domain/upgrade/state.ts'
import { admissionFacts } from '../../planning/facts.ts'
import { memberNamed } from '../../planning/members.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import { command } from './command.ts'
import { upgradeNotFound } from './history.ts'
import { upgradeWords } from './statuses.ts'

/** Leaves out a target that was not upgraded yet. */
export const skipTarget: Operate<(typeof upgradeContracts)['skipTarget']> = async (input, services) => {
  const { id, targetId } = input.params
  const { log } = services
  const { state } = await log.load(upgradeAggregate, id)
  if (!exists(state)) throw upgradeNotFound()
  if (!state.plan) throw new Problem('not-planned', 'The upgrade has no plan yet.')
  const member = await memberNamed(log, state.plan, targetId)
  if (member === undefined) throw new Problem('not-a-member', `${targetId} is no member of this upgrade.`)
  const decision = skipMember({ member, by: input.principal.id }, await admissionFacts(log, state))
  const after = await command(input, services, decision)
  const body = { message: `${targetId} skipped`, upgradeId: id, status: upgradeWords[after.state.status] }
  return { status: 200, body, commit: after.commit, etag: after.commit }
}
