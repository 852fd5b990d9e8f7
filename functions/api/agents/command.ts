import type { agentContracts, OfferedCommand } from '../../../contracts/agents.ts'
import { NoValue } from '../../domain/procedure/expression.ts'
import { actionIn, mayRepeat } from '../../domain/procedure/steps.ts'
import { renderAgentCommand } from '../../domain/procedure/template.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { type Driven, drivenIn } from '../../domain/target/procedure.ts'
import type { TargetState } from '../../domain/target/state.ts'
import { valuesOf } from '../../facts/procedure-values.ts'
import { documentOf } from '../../facts/procedures.ts'
import type { Log } from '../../log/log.ts'
import type { CalledBack } from '../../work/procedure-callbacks.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { endAsTold, type Teller } from '../procedures/step-told.ts'
import { reachFrom } from './reach.ts'

/** The same for as long as one try of a step is under way: by it an agent knows what it has begun, and done, already. */
function nameOf({ attempt, procedure }: Driven, step: string, tries: number): string {
  return `${attempt}:${procedure.direction}:${step}:${tries}`
}

const agent: Teller = { words: 'Its agent has said so', code: 'AGENT_FAILED' }

/** Returns what the procedure of a target has its agent run now; null: nothing. */
export async function commandFor(
  log: Log,
  target: string,
  state: TargetState,
): Promise<OfferedCommand | null> {
  const driven = drivenIn(state)
  const { running } = driven?.procedure ?? {}
  if (!driven || running?.held?.why !== 'agent') return null
  const action = actionIn(await documentOf(log, driven.procedure), driven.procedure.direction, running.step)
  if (!action?.agent) return null
  const { attempt } = driven
  const { deadline, step, tries } = running
  try {
    const { command, arguments: given } = renderAgentCommand(action.agent, valuesOf(target, driven))
    const repeatable = mayRepeat(action)
    return { id: nameOf(driven, step, tries), attempt, step, command, arguments: given, repeatable, deadline }
  } catch (error) {
    // What it names is not there: somebody sees that at its step, which nobody runs.
    if (error instanceof NoValue) return null
    throw error
  }
}

/** Ends the step whose command an agent has run, as it says. The target's stream lets it end once. */
export const reportCommand: Operate<(typeof agentContracts)['reportCommand'], 'telemetry'> = async (
  input,
  services,
) => {
  const { body } = input
  const { target, loaded: from } = await reachFrom(services, input).target(body.target)
  const driven = drivenIn(from.state)
  const { running, direction = 'there', passed = 0 } = driven?.procedure ?? {}
  const isMeant =
    driven && running?.held?.why === 'agent' && nameOf(driven, running.step, running.tries) === body.id
  const step: CalledBack = {
    ...{ target, direction, place: passed },
    ...(isMeant ? { attempt: driven.attempt, step: running.step } : { attempt: '', step: '' }),
  }
  const decision = await endAsTold(services.log, from.state, step, body, agent)
  const [outcome] = await Promise.all([
    services.log.execute(targetAggregate, target, decision, metadataOf(input), { from }),
    services.telemetry.seen(target),
  ])
  const { commit } = accepted(outcome)
  return {
    status: 200,
    body: { target, id: body.id, message: 'Taken: the procedure goes on by it.' },
    commit,
  }
}
