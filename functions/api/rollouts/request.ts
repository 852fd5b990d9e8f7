import type { RolloutPlan } from '../../../contracts/rollouts.ts'
import { bytesOf } from '../../../events/bytes.ts'
import type { PhaseDeclaration, RolloutRequest } from '../../../events/rollout.ts'
import { unmeetable } from '../../domain/approval-rule.ts'
import type { RefusedField } from '../../domain/rejection.ts'
import { disorderIn } from '../../domain/rollout/order.ts'
import { invalidFields } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { refuseMetrics } from '../upgrades/metrics.ts'
import { bindProcedure } from '../upgrades/procedure.ts'
import { requestFrom } from '../upgrades/request.ts'

/** As many bytes of JSON as what is declared of all phases may have: one commit holds them, with who may approve, what is watched, and the plans. */
export const largestPhases = 130_000

/** What a plan file asks for, as the log keeps it. */
export interface AskedRollout {
  readonly request: RolloutRequest
  readonly phases: readonly PhaseDeclaration[]
}

/** Throws the problem that names what is wrong with the order of the phases, the rule of approvals, or what is to be watched. */
function refuseMistakes(
  { phases, approvals, monitor }: RolloutPlan,
  by: string,
  uncallable: Services<'uncallable'>['uncallable'],
): void {
  const disorder = disorderIn(phases).map(({ phase, place, detail }): RefusedField => {
    const { name, dependsOn } = phases[phase] ?? { name: '', dependsOn: [] }
    const field = place === null ? `phases.${phase}.name` : `phases.${phase}.dependsOn.${place}`
    return { field, value: place === null ? name : (dependsOn[place] ?? ''), expected: detail }
  })
  const rule = unmeetable(approvals, by)
  const ofPhases = phases.flatMap((phase, number) => {
    const refused = unmeetable(phase.approvals, by)
    return refused ? [{ ...refused, field: `phases.${number}.${refused.field}` }] : []
  })
  const ofDomains = (monitor?.domains ?? []).flatMap(({ url }, number): RefusedField[] => {
    const why = uncallable(url)
    return why === undefined ? [] : [{ field: `monitor.domains.${number}.url`, value: url, expected: why }]
  })
  const fields = [...disorder, ...(rule ? [rule] : []), ...ofPhases, ...ofDomains]
  if (fields.length > 0) throw invalidFields(fields)
}

/** Returns what a plan file asks for, with every default filled in. Throws the problem that refuses it. */
export async function rolloutFrom(
  plan: RolloutPlan,
  by: string,
  { log, uncallable }: Pick<Services<'uncallable'>, 'log' | 'uncallable'>,
): Promise<AskedRollout> {
  refuseMistakes(plan, by, uncallable)
  const numbers = new Map(plan.phases.map(({ name }, number) => [name, number]))
  const phases: PhaseDeclaration[] = []
  for (const [number, phase] of plan.phases.entries()) {
    const { name, dependsOn, pauseSeconds, exceptions, ...deployment } = phase
    const request = requestFrom(deployment, by)
    await refuseMetrics(request, uncallable, `phases.${number}.`)
    phases.push({
      ...{ name, pauseSeconds, exceptions },
      dependsOn: dependsOn.flatMap((other) => numbers.get(other) ?? []),
      does: {
        kind: 'deploy',
        request: await bindProcedure(log, request, deployment.procedure, `phases.${number}.`),
      },
    })
  }
  const bytes = bytesOf(phases)
  if (bytes > largestPhases) {
    const expected = `fewer phases, or shorter ones: at most ${largestPhases} bytes of JSON in all together with their defaults`
    throw invalidFields([{ field: 'phases', value: `${bytes} bytes`, expected }])
  }
  const { name, approvals, onFailure, monitor, reason } = plan
  const watched = monitor && { monitor }
  return { request: { kind: 'deploy', parent: null, name, approvals, onFailure, ...watched, reason }, phases }
}
