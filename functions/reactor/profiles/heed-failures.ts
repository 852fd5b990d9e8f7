import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { heedFailures as heed } from '../../domain/profile/execution.ts'
import { isCritical } from '../../domain/target/outcome.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { profileOf } from '../../domain/upgrade/state.ts'
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
    const profile = profileOf((await log.load(upgradeAggregate, upgrade)).state)
    if (profile === undefined) return
    await log.of(profileAggregate, profile).carryOut(heed({ upgrade, codes }), cause)
  },
)
