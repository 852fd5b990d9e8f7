import type { AnswerOf } from '../../../contracts/bodies.ts'
import { holdPhrase as phraseOf } from '../../../contracts/phrases.ts'
import type { Api } from '../connection/api.ts'
import { inCommands } from '../connection/in-words.ts'
import { Failure } from '../failure.ts'
import type { Subject } from './subject.ts'

type Hold = Subject['run']['holds'][number]
type Action = Subject['run']['actions'][number]
type Waiting = AnswerOf<'listApprovals'>['approvals'][number]

/** Returns why a run does not advance, as what follows "it"; a code that has no words is what it is. */
export function holdPhrase(code: string): string {
  return phraseOf(code) ?? `is held: ${code.toLowerCase().replaceAll('_', ' ')}`
}

/** What waits for a person, of a run: undefined where nobody knows. */
export type Decision = Pick<Waiting, 'youMay' | 'may'>

/** So much of the inbox is looked through for one run. */
const lookedAt = 100

/** Asks who may decide what holds a run, and whether it is who asks; undefined: nothing waits for a decision, or nobody answers. */
export async function decisionOn(api: Api, { kind, id, run }: Subject): Promise<Decision | undefined> {
  if (!run.holds.some(({ code }) => code === 'APPROVAL' || code === 'CONTINUE')) return undefined
  try {
    const { approvals } = await api.read('listApprovals', { query: { limit: lookedAt } })
    return approvals.find(
      (one) => one.targetId === null && (kind === 'upgrade' ? one.upgradeId : one.rolloutId) === id,
    )
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return undefined
  }
}

/** The commands of what may be asked of a run. */
const commandOf: Readonly<Partial<Record<Action, string>>> = {
  ...{ continueUpgrade: 'continue', resumeUpgrade: 'resume', resumeRollout: 'resume' },
  ...{ abortUpgrade: 'abort', abortRollout: 'abort', retryFailed: 'retry' },
  ...{ rollBackUpgrade: 'rollback', rollBackRollout: 'rollback' },
}

/** Returns those of some actions that are possible now, as commands. */
function commandsOf({ id, run }: Subject, wanted: readonly Action[]): string[] {
  const possible: readonly Action[] = run.actions
  return wanted.flatMap((action) => {
    const command = commandOf[action]
    return command !== undefined && possible.includes(action) ? [`drydock ${command} ${id}`] : []
  })
}

const goingOn: readonly Action[] = ['resumeUpgrade', 'resumeRollout']
const goingBack: readonly Action[] = ['rollBackUpgrade', 'rollBackRollout']
const ending: readonly Action[] = ['abortUpgrade', 'abortRollout']

/** Returns the words for who may decide, where it is not who asks. */
export function whoMay({ may }: Pick<Waiting, 'may'>): string {
  const who = may.approvers?.join(', ') ?? may.roles.join(' or ')
  return may.except.length > 0 ? `${who}, but not ${may.except.join(', ')}` : who
}

function deciding(command: string, decision: Decision | undefined): string {
  if (!decision) return `drydock approvals says who may, then ${command}`
  return decision.youMay ? command : `${command}, by ${whoMay(decision)}`
}

/** Returns what can be done about a hold, as commands, by what is possible now; undefined: nothing by a person. */
export function nextOf(
  { code, ref }: Hold,
  subject: Subject,
  decision: Decision | undefined,
): string | undefined {
  const { id, run } = subject
  const possible: readonly Action[] = run.actions
  const may = (action: Action) => possible.includes(action)
  const any = (...wanted: readonly (readonly Action[])[]) => commandsOf(subject, wanted.flat()).join(', or ')
  switch (code) {
    case 'APPROVAL':
      return may('approveUpgrade') || may('approveRollout')
        ? deciding(`drydock approve ${id}`, decision)
        : undefined
    case 'CONTINUE':
      return may('continueUpgrade') ? deciding(`drydock continue ${id}`, decision) : undefined
    case 'OPERATOR':
      return any(goingOn, ending) || undefined
    case 'GATE_FAILED':
    case 'GATE_INCONCLUSIVE': {
      const then = any(goingOn, ending, goingBack)
      return `${code === 'GATE_FAILED' ? `drydock logs ${id} --status failed` : `drydock explain ${id}`}${then && `, then ${then}`}`
    }
    case 'FREEZE':
      return 'drydock stops'
    case 'PHASE_FAILED':
    case 'PHASE_OVERTAKEN': {
      const explain = `drydock explain ${id}`
      if (!may('continueRollout')) return explain
      return `${explain}, then drydock continue ${id} --after ${JSON.stringify(ref ?? '')} --reason "…"`
    }
    default:
      return undefined
  }
}

/** Returns what can be done about a run that is over and did not go well; undefined: nothing by itself. */
export function nextOfEnded(subject: Subject): string | undefined {
  return commandsOf(subject, ['retryFailed', ...goingBack]).join(', or ') || undefined
}

const instant = /^\d{4}-\d\d-\d\dT/

/** Returns a hold as somebody would say it. What ends it is said where no command is. */
export function holdWords({ code, ref, until, lapses, unblock }: Hold, hasNext: boolean): string {
  const why = ref === null || ref === 'break-glass' || instant.test(ref) ? '' : `: ${inCommands(ref)}`
  const end = until === null ? '' : `, until ${until}`
  const over = lapses === null ? '' : `, for nobody any more after ${lapses}`
  const words = `it ${holdPhrase(code)}${why}${end}${hasNext ? over : ''}`
  return hasNext || until !== null ? words : `${words.replace(/[.]$/, '')}. ${unblock}`
}
