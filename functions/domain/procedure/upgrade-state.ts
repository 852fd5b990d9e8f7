import type { ProcedureDocument, ProcedureStep, UpgradeState } from '../../../events/procedure.ts'
import { meaningOf } from '../target/outcome.ts'
import type { AttemptStory } from '../target/story.ts'

/**
 * Returns what the upgrade of a target is at, in the words of the seed (V1): of the attempt under way, or else the last that was offered to the
 * target. What a step means is said by its document, never by its name.
 */
export function upgradeStateOf(
  story: AttemptStory | undefined,
  document: ProcedureDocument | undefined,
): UpgradeState {
  if (!story) return 'waiting_for_initiation'
  const { end, kind, turnedBack } = story
  // What was taken back is where it was before: another upgrade may be initiated.
  const completed = kind === 'rollback' ? 'waiting_for_initiation' : 'upgrade_completed'
  if (end) {
    if (meaningOf(end.outcome).counts === 'succeeded') return completed
    return failedIn(story, document)
  }
  if (turnedBack) return failedIn(story, document)
  if (kind === 'rollback') return 'upgrade_in_progress'
  if (!document) return story.acceptedAt === null ? 'targeting_new_vcf_version' : 'upgrade_in_progress'
  return stateOfSteps(story, document) ?? 'targeting_new_vcf_version'
}

function failedIn(
  { failedStep, turnedBack }: AttemptStory,
  document: ProcedureDocument | undefined,
): UpgradeState {
  const step = turnedBack && document?.steps.find(({ id }) => id === failedStep)
  return step ? step.failedState : 'upgrade_failed'
}

/** Returns the state of the last step that has one, from the present one backwards; undefined: none has begun that has. */
function stateOfSteps(
  { begun, running }: AttemptStory,
  { steps }: ProcedureDocument,
): UpgradeState | undefined {
  const inOrder = steps.filter(({ id }) => begun.includes(id)).toReversed()
  for (const step of inOrder) {
    const waits = running?.step === step.id && running.held?.why === 'acknowledgement'
    const state = stateOf(step, waits)
    if (state) return state
  }
  return undefined
}

/** A step that asks a person counts while it waits for one: neither before, nor when it was answered. */
function stateOf({ state, acknowledge }: ProcedureStep, waits: boolean): UpgradeState | null {
  if (acknowledge) return waits ? (state ?? 'waiting_for_acknowledgment') : null
  return state
}
