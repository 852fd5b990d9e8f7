import type { targetUpgradeContracts } from '../../../contracts/target-upgrades.ts'
import { upgradeStateOf } from '../../domain/procedure/upgrade-state.ts'
import type { AttemptStory } from '../../domain/target/story.ts'
import { lastAttempt } from '../../facts/attempt-story.ts'
import { documentOf } from '../../facts/procedures.ts'
import type { Operate } from '../http/endpoint.ts'
import { registeredTarget } from '../targets/registered.ts'

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
