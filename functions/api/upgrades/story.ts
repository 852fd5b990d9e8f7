import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import { breachPhrase, counted, leftOutWords, upgradeHoldPhrases } from '../../../events/phrases.ts'
import { instantOf } from '../../../events/time.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { groupOf } from '../../domain/plan/after-wave.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { exists, planOf, type UpgradeState } from '../../domain/upgrade/state.ts'
import type { Operate } from '../http/endpoint.ts'
import { drivenSentence, pastOf, storyPage } from '../http/story.ts'
import { upgradeNotFound } from './history.ts'
import { waveNumber } from './wave-number.ts'

const sizes = (ranges: readonly (readonly [number, number, ...unknown[]])[]): number =>
  ranges.reduce((sum, [from, to]) => sum + to - from, 0)

const targets = (count: number) => counted(count, 'target')

const liftedBy = {
  FREEZE: 'The stop was lifted.',
  WINDOW_CLOSED: 'The window is open.',
  POLICY: 'What the policies ask for is met.',
  BUDGET: 'It has as large a share of the budgets as it can use.',
} as const

/** Returns how a wave is called in sentences, by its index: its number, and its group where it has one. */
type NameOfWave = (wave: number) => string

function nameOfWave(state: UpgradeState): NameOfWave {
  const plan = planOf(state)
  return (index) => {
    const group = exists(state) && plan ? groupOf({ request: state.request, plan }, index) : undefined
    const words = group && (group.value === null ? 'all others' : group.value)
    return `wave ${waveNumber(index)}${words === undefined ? '' : ` (${words})`}`
  }
}

function outcomesIn(
  outcomes: Extract<UpgradeEvent, { type: 'OutcomesRecorded' }>['data']['outcomes'],
): string {
  const groups = Map.groupBy(outcomes, ({ outcome, again }) =>
    again === 'retry' ? `${outcome} and tried again later` : outcome.replaceAll('_', ' '),
  )
  return [...groups].map(([words, group]) => `${group.length} ${words}`).join(', ')
}

/** Returns one event of an upgrade in words. */
function sentenceOf(event: UpgradeEvent, wave: NameOfWave): string {
  switch (event.type) {
    case 'UpgradeRequested': {
      const { by, request } = event.data
      const verb = { deploy: 'asked for', retry: 'asked for another try of', rollback: 'asked to take back' }
      const glass = request.breakGlass ? `, even while everything is stopped: ${request.reason}` : '.'
      const withdrawn =
        request.toWithdrawn === undefined
          ? ''
          : ` It may go to releases that were withdrawn: ${request.toWithdrawn}`
      return `${by} ${verb[request.kind]} ${request.component} ${request.version}, strategy ${request.strategy}${glass}${withdrawn}`
    }
    case 'UpgradePlanned': {
      const words = leftOutWords(event.data.leftOut).join(', ')
      const out = words === '' ? '' : `, leaving out ${words}`
      const others = event.data.told?.overlaps.map(({ upgrade, targets: count }) => `${upgrade} (${count})`)
      const held = others?.length ? ` Other upgrades hold targets of it: ${others.join(', ')}.` : ''
      const { exposure } = event.data
      const much = exposure
        ? ` The first wave takes ${exposure.firstWave} of the ${exposure.fleet} that run it: a second person has to approve.`
        : ''
      const { rolling, spacingSeconds } = event.data
      const pace = rolling
        ? ` At most ${rolling.unavailable} of them may be out of service at once, and ${rolling.surge} more in flight.`
        : spacingSeconds === undefined
          ? ''
          : ` They go one at a time, the next ${counted(spacingSeconds, 'second')} after the end of the last.`
      return `Planned ${targets(event.data.members)} to ${event.data.version}${out}.${pace}${much}${held}`
    }
    case 'ApprovalGiven':
      return `${event.data.by} approved plan ${event.data.planHash.slice(0, 12)}${event.data.window ? ` from ${event.data.window.start} to ${event.data.window.end}` : ''}.`
    case 'ApprovalsDemanded': {
      const asked = event.data.demands.map(({ policy, required }) => `${policy} (${required})`)
      return asked.length === 0
        ? 'No policy asks for approvals any more.'
        : `Policies ask for approvals: ${asked.join(', ')}.`
    }
    case 'ApprovalsVoided':
      return `Approvals given before count no more: ${event.data.reason}`
    case 'ApprovalAwaited': {
      const { needed, given, approvers, demands, until } = event.data
      const lacking = [
        ...(given < needed ? [`${needed - given}${approvers ? ` of ${approvers.join(', ')}` : ''}`] : []),
        ...demands.flatMap(({ policy, required, given }) =>
          given < required ? [`${required - given} for policy ${policy}`] : [],
        ),
      ]
      return `It waits for approvals until ${until}: ${lacking.join(', ')}.`
    }
    case 'ShareKept':
      return `Gave back what it does not use of the budget ${event.data.budget}: it keeps ${event.data.share}.`
    case 'UpgradeRejected':
      return `${event.data.by} rejected it: ${event.data.reason}`
    case 'UpgradeExpired':
      return `It expired: ${event.data.detail}`
    case 'WaveStarted':
      return `Started ${wave(event.data.wave)}.`
    case 'TargetsAdmitted': {
      const { members, retried, readmitted } = event.data
      const again = sizes(retried) + sizes(readmitted)
      const rest = again === 0 ? '' : `, and ${again} once more`
      return `Admitted ${targets(sizes(members))} of ${wave(event.data.wave)}${rest}.`
    }
    case 'OutcomesRecorded':
      return `Attempts ended: ${outcomesIn(event.data.outcomes)}.`
    case 'AttemptsTallied':
      return `Counted how attempts ended on ${event.data.day}.`
    case 'MembersRegressed': {
      const { members, more } = event.data
      const others = more ? ' There are others, which are not counted.' : ''
      return `${targets(members.length)} of ${wave(event.data.wave)} failed after they had succeeded.${others}`
    }
    case 'DeadlinePassed':
      return `The time of ${targets(sizes(event.data.members))} is over; they are asked.`
    case 'DeadlineMoved':
      return `Attempts may run on until ${event.data.until}.`
    case 'MembersSkipped':
      return `${event.data.by} left out ${targets(sizes(event.data.members))} (${event.data.code}).`
    case 'RetriesGivenUp':
      return `${targets(sizes(event.data.members))} will not be tried again: counted as failed.`
    case 'ThresholdBreached': {
      const words = { pause: 'it is paused', abort: 'it is aborted', rollback: 'it is taken back' }
      return `${breachPhrase(event.data, wave(event.data.wave))}: ${words[event.data.action]}.`
    }
    case 'WaveEnded':
      return `Finished ${wave(event.data.wave)}.`
    case 'BakeStarted':
      return `Watching ${wave(event.data.wave)} until ${event.data.until}.`
    case 'BakeEnded':
      return event.data.reason === undefined
        ? `Nothing came up while watching ${wave(event.data.wave)}.`
        : `${event.data.by} ended the watch over ${wave(event.data.wave)}: ${event.data.reason}`
    case 'MeasurementTaken': {
      const { name, n, value, why, result, by, compared } = event.data
      const outcome = { good: 'as it should be', bad: 'out of bounds', inconclusive: 'no number' }[result]
      const among = compared
        ? ` (${compared.upgraded} of ${targets(compared.pairs)} upgraded, ${compared.control} of as many that are not)`
        : ''
      const who = by === undefined ? 'Measured' : `${by} measured`
      return `${who} ${name} after ${wave(event.data.wave)}, look ${n}: ${value ?? why}${among}, ${outcome}.`
    }
    case 'GateEvaluated': {
      const { result, successRatePercent, required, silent, reason } = event.data
      const rate = successRatePercent === null ? 'no data' : `${successRatePercent} % succeeded`
      const quiet = silent === undefined ? '' : ` Nothing was heard of ${targets(silent)} since.`
      return `The gate after ${wave(event.data.wave)} ${result === 'inconclusive' ? 'is inconclusive' : result}: ${rate}, ${required} % are required${reason === undefined ? '' : `; ${reason}`}.${quiet}`
    }
    case 'ContinueAwaited':
      return `Waiting until ${event.data.until} for somebody to continue after ${wave(event.data.wave)}.`
    case 'ContinueGiven':
      return `${event.data.by} continued after ${wave(event.data.wave)}.`
    case 'HoldPlaced': {
      const { code, until, lapses, ref } = event.data
      const cited = code === 'POLICY' || code === 'BUDGET' ? ref : null
      const why = cited === null ? '' : `: ${cited}`
      const rest = lapses === null ? '' : `; who is left over stays out from ${lapses} on`
      return `It ${upgradeHoldPhrases[code]}${why}${until === null ? '' : ` until ${until}`}${rest}.`
    }
    case 'HoldLifted':
      return liftedBy[event.data.code]
    case 'FreezeOverridden':
      return `Goes on in spite of what is closed since ${event.data.since} (${event.data.freeze}): ${event.data.breakGlass}`
    case 'CalendarsBound':
      return `${event.data.by} bound it to ${event.data.calendars.length === 0 ? 'no calendar' : event.data.calendars.join(', ')}.`
    case 'WindowSet':
      return `${event.data.by} set the window from ${event.data.start} to ${event.data.end}.`
    case 'UpgradePaused':
      return `${event.data.by} paused it: ${event.data.reason}`
    case 'UpgradeResumed':
      return event.data.acknowledged === undefined
        ? `${event.data.by} resumed it.`
        : `${event.data.by} resumed it, having seen ${event.data.acknowledged.failed} failed and ${event.data.acknowledged.unreachable} unreachable.`
    case 'AbortRequested':
      return `${event.data.by} aborted it${event.data.rollBack ? ' and takes back what it touched' : ''}${event.data.breakGlass === undefined ? '' : ', even while everything is stopped'}: ${event.data.reason}`
    case 'ChildRequested':
      return `${event.data.by} asked for a ${event.data.kind} by upgrade ${event.data.child}.`
    case 'UpgradeAborted':
      return 'It is aborted; nothing is in flight.'
    case 'UpgradeCompleted':
      return event.data.exceptions ? 'It is complete, with exceptions.' : 'It is complete.'
    case 'PlanningFailed':
    case 'ExecutionStarting':
    case 'ExecutionEnded':
    case 'WakeUpMoved':
      return drivenSentence(event)
  }
}

/** Returns what tells the events of an upgrade in words, each in a sentence. */
export function sentencesOf(state: UpgradeState): (event: UpgradeEvent) => string {
  const name = nameOfWave(state)
  return (event) => sentenceOf(event, name)
}

/** Returns what an event says, with its wave as its sentence numbers it. */
function dataOf({ data }: UpgradeEvent): object {
  return 'wave' in data ? { ...data, wave: waveNumber(data.wave) } : data
}

/** Tells the story of an upgrade from its stream, a page of whole commits at a time. */
export const getUpgradeEvents: Operate<(typeof upgradeContracts)['getUpgradeEvents']> = async (
  { params, query },
  { log },
) => {
  const at = query.at === undefined ? undefined : instantOf(query.at)
  const { state } = await log.load(upgradeAggregate, params.id)
  const sentence = sentencesOf(state)
  const { events, nextCursor } = await storyPage(
    pastOf(log, upgradeAggregate, params.id, at, query.cursor),
    query.limit,
    (event) => ({ sentence: sentence(event), type: event.type, data: dataOf(event) }),
  )
  if (events.length === 0 && query.cursor === undefined) throw upgradeNotFound()
  return { status: 200, body: { upgradeId: params.id, count: events.length, nextCursor, events } }
}
