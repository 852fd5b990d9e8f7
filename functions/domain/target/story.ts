import type { ProcedureReference, StepHold } from '../../../events/procedure.ts'
import {
  type AttemptOutcome,
  type Direction,
  stepEventTypes,
  type TargetEvent,
} from '../../../events/target.ts'

/** What is told of one attempt. */
export const attemptEventTypes = [
  ...(['AttemptAssigned', 'AttemptAccepted', 'ExecutionStarting'] as const),
  ...stepEventTypes,
  ...(['AttemptEnded', 'AttemptRegressed', 'AttemptRecovered'] as const),
] as const

export type AttemptEvent = Extract<TargetEvent, { type: (typeof attemptEventTypes)[number] }>

/** The step that an attempt is at. */
interface StoryStep {
  readonly step: string
  readonly direction: Direction
  readonly since: string
  /** It waits for a person, or for a callback. */
  readonly held: { readonly why: StepHold; readonly ask: string } | null
}

/** One attempt as its events tell of it, also long after it is over. */
export interface AttemptStory {
  readonly attempt: string
  readonly upgrade: string
  readonly kind: 'deploy' | 'retry' | 'rollback'
  readonly component: string
  readonly from: string
  readonly to: string
  /** Null: an agent does what is to be done. */
  readonly procedure: ProcedureReference | null
  readonly assignedAt: string
  readonly acceptedAt: string | null
  /** The steps there that have begun, in their order. */
  readonly begun: readonly string[]
  readonly running: StoryStep | null
  /** The step after which it did not go on; null: none. */
  readonly failedStep: string | null
  /** It has failed, whether or not it is over. */
  readonly turnedBack: boolean
  readonly end: {
    readonly outcome: AttemptOutcome
    readonly code: string | null
    readonly output: string | null
    readonly at: string
  } | null
}

function assigned(
  data: Extract<AttemptEvent, { type: 'AttemptAssigned' }>['data'],
  at: string,
): AttemptStory {
  const { attempt, upgrade, kind, component, from, to, procedure = null } = data
  return {
    ...{ attempt, upgrade, kind, component, from, to, procedure, assignedAt: at, acceptedAt: null },
    ...{ begun: [], running: null, failedStep: null, turnedBack: false, end: null },
  }
}

/** Returns the story after one more event of the attempt; undefined before it was assigned. */
export function toldOn(
  story: AttemptStory | undefined,
  event: AttemptEvent,
  at: string,
): AttemptStory | undefined {
  if (event.type === 'AttemptAssigned') return assigned(event.data, at)
  if (!story || story.attempt !== event.data.attempt) return story
  const { running } = story
  switch (event.type) {
    case 'AttemptAccepted':
      return { ...story, acceptedAt: at }
    case 'StepStarted': {
      const { step, direction } = event.data
      const isNew = direction === 'there' && !story.begun.includes(step)
      const since = running?.step === step ? running.since : at
      return {
        ...story,
        begun: isNew ? [...story.begun, step] : story.begun,
        running: { step, direction, since, held: null },
      }
    }
    case 'StepHeld': {
      const { why, ask } = event.data
      return { ...story, running: running && { ...running, held: { why, ask } } }
    }
    case 'StepReleased':
      return { ...story, running: running && { ...running, held: null } }
    case 'StepEnded': {
      const { outcome, step, direction } = event.data
      const failed = outcome === 'failed' && direction === 'there'
      return { ...story, running: null, failedStep: failed ? step : story.failedStep }
    }
    case 'WayBackBegan':
      return { ...story, running: null, turnedBack: story.turnedBack || event.data.code !== null }
    case 'AttemptEnded':
    case 'AttemptRegressed': {
      const { outcome, code, output } = event.data
      return { ...story, running: null, end: { outcome, code, output, at } }
    }
    case 'AttemptRecovered':
      return { ...story, end: { outcome: 'succeeded', code: null, output: event.data.output, at } }
    case 'ExecutionStarting':
    case 'StepTried':
      return story
  }
}
