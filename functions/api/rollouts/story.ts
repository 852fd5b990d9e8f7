import type { rolloutContracts } from '../../../contracts/rollouts.ts'
import { counted } from '../../../events/phrases.ts'
import type { RolloutEvent } from '../../../events/rollout.ts'
import { instantOf } from '../../../events/time.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import type { Operate } from '../http/endpoint.ts'
import { drivenSentence, pastOf, storyPage } from '../http/story.ts'
import { rolloutAt } from './history.ts'

/** Returns one event of a rollout in words; `nameOf` names a phase by its number. */
function sentenceOf(event: RolloutEvent, nameOf: (phase: number) => string): string {
  switch (event.type) {
    case 'RolloutRequested': {
      const { by, request } = event.data
      const what = request.kind === 'rollback' ? 'asked to take back' : 'asked for'
      const glass = request.breakGlass ? `, even while everything is stopped: ${request.reason}` : '.'
      return `${by} ${what} "${request.name}"${glass}`
    }
    case 'PhaseDeclared': {
      const { name, dependsOn, does } = event.data.declaration
      const what =
        does.kind === 'deploy'
          ? `${does.request.component} ${does.request.version}`
          : `takes back what upgrade ${does.upgrade} changed`
      const waits = dependsOn.length === 0 ? '' : `, after ${dependsOn.map(nameOf).join(', ')}`
      return `Phase "${name}": ${what}${waits}.`
    }
    case 'PhasePlanned':
      return `${nameOf(event.data.phase)}: planned ${counted(event.data.plan.members, 'target')} to ${event.data.plan.version}.`
    case 'RolloutPlanned': {
      const { members, planHash, exposure } = event.data
      const much = exposure
        ? ` The first wave of ${exposure.phases.map(nameOf).join(', ')} is so large that a second person has to approve it.`
        : ''
      // What is taken back is known when its phase begins.
      const what = members === 0 ? 'each phase as it begins' : counted(members, 'target')
      return `Planned ${what}, plan ${planHash.slice(0, 12)}.${much}`
    }
    case 'ApprovalAwaited': {
      const { needed, approvers, until } = event.data
      const who = approvers ? ` of ${approvers.join(', ')}` : ''
      return `It waits for ${counted(needed, 'approval')}${who}, until ${until}.`
    }
    case 'ApprovalGiven':
      return `${event.data.by} approved plan ${event.data.planHash.slice(0, 12)}.`
    case 'RolloutRejected':
      return `${event.data.by} rejected it: ${event.data.reason}`
    case 'RolloutExpired':
      return `It expired: ${event.data.detail}`
    case 'PhaseSkipped':
      return `${nameOf(event.data.phase)} has nothing to do: all of its targets run the version already.`
    case 'PhaseStarted':
      return `${nameOf(event.data.phase)} begins, by upgrade ${event.data.upgrade}.`
    case 'PhaseEnded': {
      const { phase, status, succeeded, failed, skipped, passed } = event.data
      const counts = `${succeeded} succeeded, ${failed} failed, ${skipped} left out`
      const held = passed ? '' : ' Those that depend on it wait for somebody.'
      return `${nameOf(phase)} ended: ${status.replaceAll('_', ' ')} (${counts}).${held}`
    }
    case 'WindowMoved': {
      const { start, end } = event.data.window
      return `Its profile has opened the window from ${start} to ${end} for it.`
    }
    case 'PhaseOvertaken':
      return `${counted(event.data.targets, 'target')} of ${nameOf(event.data.phase)} do not run any more what it had put there: those that depend on it wait for somebody.`
    case 'PhaseAccepted':
      return `${event.data.by} lets those begin that depend on ${nameOf(event.data.phase)}: ${event.data.reason}`
    case 'RolloutPaused':
      return `${event.data.by} paused it: ${event.data.reason}`
    case 'RolloutResumed':
      return `${event.data.by} resumed it.`
    case 'AbortRequested': {
      const { by, reason, rollback, breakGlass } = event.data
      const glass = breakGlass === undefined ? '' : ', even while everything is stopped'
      const back = rollback === null ? '' : `, and rollout ${rollback} takes back what it changed${glass}`
      return `${by} aborted it${back}: ${reason}`
    }
    case 'ChildRequested':
      return `${event.data.by} asked for a rollback of ${event.data.phases.map(nameOf).join(', ')} by rollout ${event.data.child}.`
    case 'RolloutAborted':
      return 'It is aborted; no phase runs.'
    case 'RolloutCompleted':
      return event.data.exceptions ? 'It is complete, with exceptions.' : 'It is complete.'
    case 'PlanningFailed':
    case 'ExecutionStarting':
    case 'ExecutionEnded':
    case 'WakeUpMoved':
      return drivenSentence(event)
  }
}

/** Tells the story of a rollout from its stream, a page of whole commits at a time. */
export const getRolloutEvents: Operate<(typeof rolloutContracts)['getRolloutEvents']> = async (
  { params, query },
  { log },
) => {
  const at = query.at === undefined ? undefined : instantOf(query.at)
  const { state } = await rolloutAt(log, params.id, at)
  const nameOf = (phase: number) => `"${state.phases[phase]?.name ?? phase}"`
  const { events, nextCursor } = await storyPage(
    pastOf(log, rolloutAggregate, params.id, at, query.cursor),
    query.limit,
    (event) => ({ sentence: sentenceOf(event, nameOf), type: event.type, data: event.data }),
  )
  return { status: 200, body: { rolloutId: params.id, count: events.length, nextCursor, events } }
}
