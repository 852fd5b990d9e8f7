import type { procedureContracts } from '../../../contracts/procedures.ts'
import { isGranted } from '../../capability.ts'
import { reject } from '../../domain/aggregate.ts'
import { afterFailure } from '../../domain/procedure/course.ts'
import { NoValue } from '../../domain/procedure/expression.ts'
import { actionIn, type NamedAction } from '../../domain/procedure/steps.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { type Driven, drivenIn, endStep, type StepEnd } from '../../domain/target/procedure.ts'
import type { TargetDecision, TargetState } from '../../domain/target/state.ts'
import { outputBytes, outputOf, savedFrom, valuesOf } from '../../facts/procedure-values.ts'
import { documentOf } from '../../facts/procedures.ts'
import type { Log } from '../../log/log.ts'
import type { CalledBack } from '../../work/procedure-callbacks.ts'
import { callbackRefused } from '../http/access.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'

type Contracts = typeof procedureContracts
type Said = Parameters<Operate<Contracts['answerCallback']>>[0]['body']

/** Returns what a step saves of what its receiver says. Throws NoValue. */
function savedBy({ save, id }: NamedAction, { data }: Said, target: string, driven: Driven) {
  const { [id]: _, ...others } = driven.procedure.saved
  const answer = { status: 200, headers: {}, body: data }
  return savedFrom(save, { ...valuesOf(target, driven), answer }, others)
}

/** Returns how a step ends by what its receiver says. */
function endBy(
  action: NamedAction,
  said: Said,
  target: string,
  driven: Driven,
): Pick<StepEnd, 'outcome' | 'code' | 'output' | 'saved'> {
  const words = `Called back${said.message === null ? '.' : `: ${said.message}`}`
  const failed = (code: string, why: string) =>
    ({ outcome: 'failed', code, output: outputOf(why, outputBytes.failed), saved: {} }) as const
  if (said.status === 'failed') return failed('CALLBACK_FAILED', words)
  try {
    const saved = savedBy(action, said, target, driven)
    return { outcome: 'done', code: null, output: outputOf(words, outputBytes.done), saved }
  } catch (error) {
    if (!(error instanceof NoValue)) throw error
    return failed('NO_VALUE', `It was done, and what is to be saved is not in its callback: ${error.message}`)
  }
}

const over = reject({
  code: 'callback-over',
  detail: 'The step is over already: what is said of it now changes nothing.',
})

/** Returns the decision by which a callback ends its step. Only where the attempt is at that very step: any other is over, or was never meant. */
async function endOf(log: Log, state: TargetState, step: CalledBack, said: Said): Promise<TargetDecision> {
  const driven = drivenIn(state)
  if (driven?.attempt !== step.attempt) return () => over
  const document = await documentOf(log, driven.procedure)
  const { target, ...at } = step
  const action = actionIn(document, step.direction, step.step)
  if (!action) return () => over
  const end = endBy(action, said, target, driven)
  const then = afterFailure(document, driven.procedure, action)
  const decide = endStep({ ...at, ...end, then })
  return (present, now) => {
    const decision = decide(present, now)
    return 'rejected' in decision ? over : decision
  }
}

/** Ends the step that a message was sent for, as its receiver says. The target's stream lets it end once. */
export const answerCallback: Operate<Contracts['answerCallback'], 'callbacks'> = async (
  input,
  { log, callbacks, now },
) => {
  const { principal, body } = input
  const presented = principal.kind === 'capability' ? principal.hash : ''
  const kept = await callbacks.find(presented)
  if (!kept || !isGranted(presented, kept, now())) throw callbackRefused()
  const { target, attempt, step } = kept.subject
  const from = await log.load(targetAggregate, target)
  const decision = await endOf(log, from.state, kept.subject, body)
  const { commit } = accepted(
    await log.execute(targetAggregate, target, decision, metadataOf(input), { from }),
  )
  const message = 'Taken: the procedure goes on by it.'
  return { status: 200, body: { targetId: target, attempt, step, message }, commit }
}
