import { noteTest } from '../../domain/release/proofs.ts'
import { releaseAggregate, releaseId } from '../../domain/release/release.ts'
import { environmentOf } from '../../domain/rules/binding.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { exists, planOf } from '../../domain/upgrade/state.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'

/** As an id of the API. */
const longestName = 128

/**
 * An upgrade of one environment has come to a good end: its release names it, so that whoever asks whether it is proven there finds where to look. What it
 * is worth is asked of the upgrade each time (design: #policies).
 */
export const noteTests = duty(
  'note-tests',
  upgradeAggregate,
  ['UpgradeCompleted'],
  async ({ id: upgrade, events, cause }, { log }: Pick<ReactorServices, 'log'>) => {
    if (events.every(({ data }) => data.exceptions)) return
    const { state } = await log.load(upgradeAggregate, upgrade)
    const version = planOf(state)?.version
    if (!exists(state) || version === undefined || state.request.kind !== 'deploy') return
    const { component, selection } = state.request
    const environment = environmentOf(selection.tags)
    // No policy can name a longer one.
    if (environment === undefined || environment.length > longestName) return
    const release = log.of(releaseAggregate, releaseId(component, version))
    await release.carryOut(noteTest({ environment, upgrade }), cause)
  },
)
