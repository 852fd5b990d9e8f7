import type { procedureContracts } from '../../../contracts/procedures.ts'
import { isGranted } from '../../capability.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { callbackRefused } from '../http/access.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { endAsTold } from './step-told.ts'

type Contracts = typeof procedureContracts

const receiver = { words: 'Called back', code: 'CALLBACK_FAILED' }

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
  const decision = await endAsTold(log, from.state, kept.subject, body, receiver)
  const { commit } = accepted(
    await log.execute(targetAggregate, target, decision, metadataOf(input), { from }),
  )
  const message = 'Taken: the procedure goes on by it.'
  return { status: 200, body: { targetId: target, attempt, step, message }, commit }
}
