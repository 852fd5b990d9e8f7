import type { Told } from '../answers.ts'

/** By which events of its story it is seen that an upgrade, or a rollout, has been through a move of its state machine. */
export const tells: Readonly<Record<string, readonly string[]>> = {
  plan: ['UpgradePlanned', 'RolloutPlanned', 'PlanningFailed'],
  approval: ['ApprovalGiven', 'UpgradeRejected', 'RolloutRejected', 'UpgradeExpired', 'RolloutExpired'],
  'start-wave': ['WaveStarted'],
  wave: ['WaveEnded'],
  bake: ['BakeEnded'],
  gate: ['GateEvaluated', 'ContinueGiven'],
  'start-phases': ['PhaseStarted', 'PhaseSkipped'],
  phases: ['PhaseEnded'],
  person: ['PhaseAccepted'],
  finish: ['UpgradeCompleted', 'UpgradeAborted', 'RolloutCompleted', 'RolloutAborted'],
}

/** Returns the moves that a story tells of as made. */
export function movesOf(story: readonly Told[]): readonly string[] {
  const types = new Set(story.map(({ type }) => type))
  return Object.entries(tells).flatMap(([move, events]) =>
    events.some((type) => types.has(type)) ? [move] : [],
  )
}
