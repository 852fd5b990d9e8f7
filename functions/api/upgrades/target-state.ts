import type { targetUpgradeContracts } from '../../../contracts/target-upgrades.ts'
import { upgradeStateOf } from '../../domain/procedure/upgrade-state.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import type { TargetState } from '../../domain/target/state.ts'
import type { AttemptStory } from '../../domain/target/story.ts'
import { lastAttempt } from '../../facts/attempt-story.ts'
import { documentOf } from '../../facts/procedures.ts'
import type { Loaded, Log } from '../../log/log.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'

/** Returns a target that is registered. Throws the problem that there is none. */
export async function registeredTarget(log: Log, id: string): Promise<Loaded<TargetState>> {
  const loaded = await log.load(targetAggregate, id)
  if (!loaded.state.registered) throw new Problem('target-not-found', 'No such target is registered.')
  return loaded
}

function toldOf(story: AttemptStory | undefined) {
  const { upgrade = null, attempt = null, component = null, from = null, to = null } = story ?? {}
  const { running = null, turnedBack = false, failedStep = null, end = null } = story ?? {}
  return {
    ...{ upgradeId: upgrade, attempt, component, from, to },
    procedure: story?.procedure?.name ?? null,
    step: running?.step ?? (turnedBack ? failedStep : null),
    held: running?.held ?? null,
    code: end?.code ?? null,
    details: end && end.outcome !== 'succeeded' ? end.output : null,
    startedAt: story?.assignedAt ?? null,
    completedAt: end?.at ?? null,
  }
}

/** Says what a target's upgrade is at (V1): in the words that the document of its procedure gives its steps. */
export const getUpgradeState: Operate<(typeof targetUpgradeContracts)['getUpgradeState']> = async (
  { params },
  { log },
) => {
  const { id } = params
  const loaded = await registeredTarget(log, id)
  const { story } = (await lastAttempt(log, id, loaded)) ?? {}
  const document = story?.procedure ? await documentOf(log, story.procedure) : undefined
  const body = { targetId: id, state: upgradeStateOf(story, document), ...toldOf(story) }
  return { status: 200, body, etag: loaded.commit }
}
