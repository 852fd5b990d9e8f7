import type { Commit } from '../../events/envelope.ts'
import { profileAggregate } from '../../functions/domain/profile/aggregate.ts'
import { startExecution, summariseUpgrade } from '../../functions/domain/profile/execution.ts'
import { createProfile } from '../../functions/domain/profile/lifecycle.ts'
import { openWindow } from '../../functions/domain/profile/opening.ts'
import type { ProfileDecision } from '../../functions/domain/profile/state.ts'
import { windowOf } from '../../functions/domain/profile/windows.ts'
import { registerRelease, releaseAggregate } from '../../functions/domain/release/release.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { registerTarget } from '../../functions/domain/target/registration.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { moveWindow } from '../../functions/domain/upgrade/control.ts'
import { finishUpgrade, startWave } from '../../functions/domain/upgrade/execution.ts'
import { recordOutcomes } from '../../functions/domain/upgrade/outcomes.ts'
import { requestUpgrade } from '../../functions/domain/upgrade/request.ts'
import { clear, definition, summaryOf } from '../domain/profile/world.ts'
import { requestOf } from '../domain/upgrade/world.ts'
import { calm, Teller } from './history.ts'

const daily = {
  ...definition,
  schedule: {
    ...definition.schedule,
    cron_expression: '0 9 * * *',
    timezone: 'UTC',
    maintenance_window_hours: 2,
  },
  upgrade_settings: { ...definition.upgrade_settings, component: 'api', parallel_upgrades: 2 },
}
const opening = (day: number) => `2026-03-0${day}T09:00:00.000Z`
const minute = 60_000

/**
 * Returns a valid log of a profile: its first window upgrades one of two targets and closes, the second lets the upgrade go on to its end,
 * the third is skipped for a holiday, and an execution out of turn is under way in the end.
 */
export async function profileHistory(): Promise<Commit[]> {
  const teller = new Teller()
  const facts = { type: 'publisher', region: null, tags: {}, critical: false, namespace: null, gateway: null }
  const release = { component: 'api', version: '1.1.0', channel: 'stable', digest: 'sha256:1', notes: null }
  await teller.do(releaseAggregate, 'api@1.1.0', registerRelease({ ...release, scheme: 'semver', number: 1 }))
  for (const target of ['t0', 't1']) {
    const registration = { facts, components: { api: '1.0.0' }, enrolment: null }
    await teller.do(targetAggregate, target, registerTarget(registration))
  }
  const tell = (decision: ProfileDecision) => teller.do(profileAggregate, 'p1', decision)
  await tell(createProfile({ definition: daily, by: 'alice' }))

  teller.now = Date.parse(opening(2))
  await tell(openWindow({ scheduledAt: opening(2), upgrade: 'u1', facts: clear }))
  const request = requestOf({
    version: '1.1.0',
    selection: { targets: null, types: null, regions: null, tags: null, canaries: [], profile: 'p1' },
    parallel: 1,
    window: windowOf(daily.schedule, opening(2)),
  })
  const members = ['t0', 't1'].map((target) => ({ target, from: '1.0.0' }))
  const { places } = await teller.begin('u1', request, members)
  const execution = { actor: 'drydock', correlation: 'u1-1' }
  await teller.do(upgradeAggregate, 'u1', startWave({ wave: 0, generation: 1 }, calm), execution)
  const [first, second] = places
  if (!first || !second) throw new Error('Two are planned.')
  const succeeded = await teller.attempt('u1', request, first, 'completed')
  teller.now = Date.parse(opening(2)) + 118 * minute
  await teller.do(upgradeAggregate, 'u1', recordOutcomes([succeeded], calm))

  teller.now = Date.parse(opening(3))
  await tell(openWindow({ scheduledAt: opening(3), upgrade: 'u2', facts: clear }))
  const window = windowOf(daily.schedule, opening(3))
  await teller.do(upgradeAggregate, 'u1', moveWindow({ window, by: 'drydock' }, calm))
  const last = await teller.attempt('u1', request, second, 'completed')
  await teller.do(upgradeAggregate, 'u1', recordOutcomes([last], calm))
  await teller.do(upgradeAggregate, 'u1', finishUpgrade({ generation: 1 }), execution)
  const counts = { targeted: 2, succeeded: 2, failed: 0, unreachable: 0, skipped: 0, rolledBack: 0 }
  await tell(summariseUpgrade(summaryOf('u1', { counts })))

  teller.now = Date.parse(opening(4))
  const closures = [{ from: opening(4), to: opening(5), why: 'holiday' }]
  await tell(openWindow({ scheduledAt: opening(4), upgrade: 'u3', facts: { ...clear, closures } }))
  await tell(startExecution({ upgrade: 'u4', justification: 'CVE', by: 'bob' }))
  const outOfTurn = { ...request, window: null }
  await teller.do(upgradeAggregate, 'u4', requestUpgrade({ request: outOfTurn, by: 'bob' }))
  return teller.written()
}
