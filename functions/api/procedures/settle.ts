import type { procedureContracts } from '../../../contracts/procedures.ts'
import { afterFailure, nextIn } from '../../domain/procedure/course.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { drivenIn, type StepCommand, settleStep as settle } from '../../domain/target/procedure.ts'
import type { TargetState } from '../../domain/target/state.ts'
import { documentOf } from '../../facts/procedures.ts'
import type { Log } from '../../log/log.ts'
import { type Answer, accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import { registeredTarget } from '../targets/registered.ts'

type Contracts = typeof procedureContracts
type Asked = Parameters<Operate<Contracts['settleStep']>>[0]

const notThere = () =>
  new Problem('step-not-held', 'The attempt is not at this step, or is over: GET …/steps says where it is.')

/** Returns the step that a person speaks of, and what would follow if it had failed. */
async function stepAsked(log: Log, state: TargetState, attempt: string, step: string) {
  const active = drivenIn(state)
  if (active?.attempt !== attempt) throw notThere()
  const document = await documentOf(log, active.procedure)
  const next = nextIn(document, active.procedure)
  if (next.kind !== 'step' || next.action.id !== step) throw notThere()
  const { action, place } = next
  const command: StepCommand = { attempt, direction: action.direction, place, step }
  const then = afterFailure(document, active.procedure, action)
  return { command, name: action.name, then, held: active.procedure.running?.held }
}

/** What a repeat is about: its key is answered by the log before anything is decided. */
function repeatedOf(attempt: string, step: string): Awaited<ReturnType<typeof stepAsked>> {
  const command: StepCommand = { attempt, direction: 'there', place: 0, step }
  const then = { wayBack: [] }
  return { command, name: step, then, held: undefined }
}

/** Takes the word of a person on a step that waits for it. Throws the problem that it does not, or waits for another. */
export async function takeWord(
  input: Pick<Asked, 'params' | 'principal' | 'correlation' | 'idempotency' | 'ifMatch'>,
  log: Log,
  {
    attempt,
    as,
    reason,
    why,
  }: { attempt: string; as: 'done' | 'failed' | 'again'; reason: string; why: 'acknowledgement' | 'unknown' },
): Promise<Answer> {
  const { id, step } = input.params
  const from = await registeredTarget(log, id)
  // Whoever did not hear the answer asks again with the same key: the step is over by then.
  const isRepeated = from.keys.some(({ key }) => key === input.idempotency?.id)
  const asked = isRepeated ? repeatedOf(attempt, step) : await stepAsked(log, from.state, attempt, step)
  const { command, name, then, held } = asked
  const isAcknowledged = why === 'acknowledgement'
  if (held && (held.why === 'acknowledgement') !== isAcknowledged) {
    const other = isAcknowledged ? 'settle' : 'acknowledge'
    throw new Problem('step-not-held', `It waits for another word: POST …/steps/${step}/${other}.`)
  }
  const decision = settle({ ...command, as, by: input.principal.id, reason, then })
  const { commit } = accepted(await log.execute(targetAggregate, id, decision, metadataOf(input), { from }))
  const words = { done: 'counts as done', failed: 'counts as failed', again: 'is done again' } as const
  return {
    status: 200,
    body: { targetId: id, attempt, step, message: `"${name}" ${words[as]}` },
    commit,
  }
}

/** Lets a step go on that waits for the word of a person. */
export const acknowledgeStep: Operate<Contracts['acknowledgeStep']> = (input, { log }) =>
  takeWord(input, log, {
    attempt: input.body.attempt,
    as: 'done',
    reason: input.body.comment,
    why: 'acknowledgement',
  })

/** Says what became of a step of which nobody else can know. */
export const settleStep: Operate<Contracts['settleStep']> = (input, { log }) =>
  takeWord(input, log, { ...input.body, why: 'unknown' })
