import type * as z from 'zod'
import type { plannedWave } from '../../../contracts/upgrade-answers.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { afterWave, groupOf } from '../../domain/plan/after-wave.ts'
import { canaryPower } from '../../domain/plan/detection.ts'
import { bakeAfter } from '../../domain/plan/duration.ts'
import { emptyGroups } from '../../domain/plan/groups.ts'
import type { Plan } from '../../domain/plan/plan.ts'
import { inFlightAtMost } from '../../domain/plan/rolling.ts'
import { allowedFailures, waveCount, waveRange } from '../../domain/plan/waves.ts'
import { waveNumber } from './wave-number.ts'

type PlannedWave = z.output<typeof plannedWave>
type Waves = Pick<Plan, 'waves' | 'members' | 'entries' | 'rolling' | 'spacingSeconds'>

function continuesAfter(request: UpgradeRequest, plan: Waves, wave: number, isLast: boolean) {
  const { continueByHand, continueBySecondPerson } = afterWave({ request, plan }, wave)
  if (isLast || !continueByHand) return 'by-itself'
  return continueBySecondPerson ? 'by-second-person' : 'by-hand'
}

/** Returns the waves of a plan as numbers, with what follows each, so many at most. */
export function plannedWaves(request: UpgradeRequest, plan: Waves, most: number): PlannedWave[] {
  const count = waveCount(plan.waves, plan.members)
  return Array.from({ length: Math.min(count, most) }, (_, wave): PlannedWave => {
    const { from, to } = waveRange(plan.waves, plan.members, wave)
    const size = to - from
    const isLast = wave + 1 === count
    return {
      wave: waveNumber(wave),
      group: groupOf({ request, plan }, wave)?.value ?? null,
      percent: request.percentages?.[plan.entries?.[wave] ?? -1]?.percent ?? null,
      size,
      allowedFailures: allowedFailures(request.failures, size, 0),
      allowedUnreachable: allowedFailures(request.unreachable, size, 0),
      inFlight: inFlightAtMost(request, plan),
      maxUnavailable: plan.rolling?.unavailable ?? null,
      spacingSeconds: plan.spacingSeconds ?? 0,
      bakeSeconds: bakeAfter(request, plan, wave),
      gate: afterWave({ request, plan }, wave).gate,
      continues: continuesAfter(request, plan, wave, isLast),
    }
  })
}

/** Returns what the first wave shows before others follow; null: there is one wave alone. */
export function canaryOf(request: UpgradeRequest, plan: Waves) {
  if (waveCount(plan.waves, plan.members) < 2) return null
  const { from, to } = waveRange(plan.waves, plan.members, 0)
  return canaryPower(to - from, allowedFailures(request.failures, to - from, 0))
}

/** Returns what of the request makes no wave of its plan. */
export function droppedOf(request: UpgradeRequest, plan: Pick<Plan, 'droppedWaves' | 'entries'>) {
  return { droppedWaves: plan.droppedWaves, droppedGroups: emptyGroups(request, plan) }
}
