import { componentEvents } from '../../events/component.ts'
import { licenceEvents } from '../../events/licence.ts'
import { policyEvents } from '../../events/policy.ts'
import { procedureEvents } from '../../events/procedure.ts'
import { profileEvents } from '../../events/profile.ts'
import { releaseEvents } from '../../events/release.ts'
import { rolloutEvents } from '../../events/rollout.ts'
import { partsOf } from '../../events/stream.ts'
import { targetEvents } from '../../events/target.ts'
import { upgradeEvents } from '../../events/upgrade.ts'
import { type Source, source } from './projection.ts'
import { analytics } from './projections/analytics.ts'
import { attempts } from './projections/attempts.ts'
import { calendars } from './projections/calendars.ts'
import { components } from './projections/components.ts'
import { heldSteps } from './projections/held-steps.ts'
import { licences } from './projections/licences.ts'
import { live, liveRollouts, upgradePlaces } from './projections/live.ts'
import { procedures } from './projections/procedures.ts'
import { executions, profiles } from './projections/profiles.ts'
import { releases } from './projections/releases.ts'
import { rollouts } from './projections/rollouts.ts'
import { targets } from './projections/targets.ts'
import { upgrades } from './projections/upgrades.ts'

/** Everything that feeds views. Plans feed none, and of policies the calendars alone: the rest is read from the log. */
export const sources: readonly Source[] = [
  source('target', targetEvents, [attempts, targets, heldSteps]),
  source('upgrade', upgradeEvents, [upgradePlaces, upgrades, live, analytics], { needsSince: true }),
  source('rollout', rolloutEvents, [rollouts, liveRollouts], { needsSince: true }),
  source('component', componentEvents, [components]),
  source('licence', licenceEvents, [licences]),
  source('procedure', procedureEvents, [procedures]),
  source('release', releaseEvents, [releases]),
  source('policy', policyEvents, [calendars]),
  source('profile', profileEvents, [executions, profiles]),
]

/** Returns what a stream feeds; undefined when it feeds no view. */
export function sourceOf(stream: string): Source | undefined {
  const { kind } = partsOf(stream)
  return sources.find(({ aggregate }) => aggregate === kind)
}
