import type { ProfileDefinition } from '../../../events/profile.ts'
import type { PhaseDeclaration, RolloutRequest } from '../../../events/rollout.ts'
import type { Window } from '../window.ts'
import { requestFromProfile } from './request.ts'

/** The phases of a profile, which has some. */
export type ProfilePhases = NonNullable<ProfileDefinition['rollout']>

const minute = 60
const hour = 3600

/** Returns what a profile says about one phase of its rollout alone: it is approved with all others. */
export function definitionOfPhase(
  definition: ProfileDefinition,
  { component, target_version, procedure }: ProfilePhases['phases'][number],
): ProfileDefinition {
  const { upgrade_settings: settings } = definition
  const own = { component, target_version: target_version ?? settings.target_version }
  const by = procedure ?? settings.procedure
  return {
    ...definition,
    approvals: null,
    upgrade_settings: { ...settings, ...own, ...(by !== undefined && { procedure: by }) },
  }
}

/** Returns the selection of a phase: the resources of the profile that the phase means. */
export function selectionOfPhase(
  profile: string,
  { resource_types: types, regions, tags }: ProfilePhases['phases'][number],
) {
  return {
    ...{ targets: null, canaries: [], profile },
    types: types.length > 0 ? types : null,
    regions: regions.length > 0 ? regions : null,
    tags: tags.length > 0 ? Object.fromEntries(tags.map(({ key, value }) => [key, value])) : null,
  }
}

/**
 * Returns the rollout that a profile starts: each of its phases is the upgrade that the profile would start of those resources. Approvals are
 * asked for when it starts, until its window closes. Procedures are bound by whoever requests it.
 */
export function rolloutFromProfile({
  profile,
  definition,
  rollout,
  window,
  reason,
  authors,
}: {
  readonly profile: string
  readonly definition: ProfileDefinition
  readonly rollout: ProfilePhases
  /** Null: it is bound to none, since somebody started it out of turn. */
  readonly window: Window | null
  readonly reason: string | null
  /** Who else has edited the profile, and approves nothing of it. */
  readonly authors?: readonly string[] | undefined
}): { readonly request: RolloutRequest; readonly phases: readonly PhaseDeclaration[] } {
  const { name, approvals, schedule } = definition
  const numbers = new Map(rollout.phases.map((phase, number) => [phase.name, number]))
  const phases = rollout.phases.map((phase): PhaseDeclaration => {
    const own = { definition: definitionOfPhase(definition, phase), component: phase.component }
    const request = requestFromProfile({ profile, ...own, window, reason })
    return {
      name: phase.name,
      dependsOn: phase.depends_on.flatMap((other) => numbers.get(other) ?? []),
      pauseSeconds: phase.pause_minutes * minute,
      exceptions: phase.exceptions,
      does: { kind: 'deploy', request: { ...request, selection: selectionOfPhase(profile, phase) } },
    }
  })
  const request: RolloutRequest = {
    ...{ kind: 'deploy', parent: null, name, reason, profile },
    approvals: {
      required: approvals?.required ?? 0,
      approvers: approvals?.approvers ?? null,
      expiresInSeconds: schedule.maintenance_window_hours * hour,
    },
    onFailure: rollout.on_failure,
    ...(authors && { authors: [...authors] }),
  }
  return { request, phases }
}
