import { reject } from '../../domain/aggregate.ts'
import { afterFailure } from '../../domain/procedure/course.ts'
import { NoValue } from '../../domain/procedure/expression.ts'
import { actionIn, type NamedAction } from '../../domain/procedure/steps.ts'
import { type Driven, drivenIn, endStep, type StepEnd } from '../../domain/target/procedure.ts'
import type { TargetDecision, TargetState } from '../../domain/target/state.ts'
import { savedFrom, valuesOf } from '../../facts/procedure-values.ts'
import { documentOf } from '../../facts/procedures.ts'
import type { Log } from '../../log/log.ts'
import { outputBytes, outputOf } from '../../output.ts'
import type { CalledBack } from '../../work/procedure-callbacks.ts'

/** What whoever does a step says of its end: the receiver of a message, or an agent. */
export interface Said {
  readonly status: 'done' | 'failed'
  /** What people are told. */
  readonly message: string | null
  /** What the step may save, as answer.body. */
  readonly data: Readonly<Record<string, unknown>>
}

/** How it is told of who has said it: in which words, and by which code that it failed. */
export interface Teller {
  readonly words: string
  readonly code: string
}

/** Returns what a step saves of what is said of it. Throws NoValue. */
function savedBy({ save, id }: NamedAction, { data }: Said, target: string, driven: Driven) {
  const { [id]: _, ...others } = driven.procedure.saved
  const answer = { status: 200, headers: {}, body: data }
  return savedFrom(save, { ...valuesOf(target, driven), answer }, others)
}

/** Returns how a step ends by what is said of it. */
function endBy(
  action: NamedAction,
  said: Said,
  teller: Teller,
  target: string,
  driven: Driven,
): Pick<StepEnd, 'outcome' | 'code' | 'output' | 'saved'> {
  const words = `${teller.words}${said.message === null ? '.' : `: ${said.message}`}`
  const failed = (code: string, why: string) =>
    ({ outcome: 'failed', code, output: outputOf(why, outputBytes.failed), saved: {} }) as const
  if (said.status === 'failed') return failed(teller.code, words)
  try {
    const saved = savedBy(action, said, target, driven)
    return { outcome: 'done', code: null, output: outputOf(words, outputBytes.done), saved }
  } catch (error) {
    if (!(error instanceof NoValue)) throw error
    return failed('NO_VALUE', `It was done, and what is to be saved was not said: ${error.message}`)
  }
}

const over = reject({
  code: 'callback-over',
  detail: 'The step is over already: what is said of it now changes nothing.',
})

/**
 * Returns the decision by which a step ends as is said of it. Only where the attempt is at that very step: any other is over, or was never meant.
 */
export async function endAsTold(
  log: Log,
  state: TargetState,
  step: CalledBack,
  said: Said,
  teller: Teller,
): Promise<TargetDecision> {
  const driven = drivenIn(state)
  if (driven?.attempt !== step.attempt) return () => over
  const document = await documentOf(log, driven.procedure)
  const { target, ...at } = step
  const action = actionIn(document, step.direction, step.step)
  if (!action) return () => over
  const end = endBy(action, said, teller, target, driven)
  const then = afterFailure(document, driven.procedure, action)
  const decide = endStep({ ...at, ...end, then })
  return (present, now) => {
    const decision = decide(present, now)
    return 'rejected' in decision ? over : decision
  }
}
