import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { heedFailures as heed } from '../../domain/profile/execution.ts'
import { isCritical } from '../../domain/target/outcome.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { exists, profileOf } from '../../domain/upgrade/state.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'

/** A critical failure in an upgrade that a profile started: the profile goes out of service now, whatever becomes of the upgrade (P13). */
export const heedFailures = duty(
  'heed-failures',
  upgradeAggregate,
  ['OutcomesRecorded', 'MembersRegressed'],
  async ({ id: upgrade, events, cause }, { log }: Pick<ReactorServices, 'log'>) => {
    const codes = events
      .flatMap((event): readonly { readonly code: string | null }[] =>
        event.type === 'OutcomesRecorded' ? event.data.outcomes : event.data.members,
      )
      .flatMap(({ code }) => (code !== null && isCritical(code) ? [code] : []))
    if (codes.length === 0) return
    const { state } = await log.load(upgradeAggregate, upgrade)
    const profile = profileOf(state)
    if (profile === undefined || !exists(state)) return
    // Of a phase the profile knows the rollout.
    const execution = state.rollout?.id ?? upgrade
    await log.of(profileAggregate, profile).carryOut(heed({ upgrade: execution, codes }), cause)
  },
)
