import type { targetUpgradeContracts } from '../../../contracts/target-upgrades.ts'
import type { TargetState } from '../../domain/target/state.ts'
import type { Loaded } from '../../log/log.ts'
import type { Operate } from '../http/endpoint.ts'
import type { IdempotencyKey } from '../http/exchange.ts'
import { Problem } from '../http/problem.ts'
import { takeWord } from '../procedures/settle.ts'
import { registeredTarget } from '../targets/registered.ts'

/** Returns the step that waits, or, to whoever asks again with the same key, any: the log knows what was answered. */
function stepThatWaits(
  { state, keys }: Loaded<TargetState>,
  asked: string | null,
  idempotency: IdempotencyKey | null,
): { readonly attempt: string; readonly step: string } {
  const { active, attempts } = state
  const { running } = active?.procedure ?? {}
  const isMeant = active !== null && (asked === null || asked === active.attempt)
  if (isMeant && running?.held?.why === 'acknowledgement')
    return { attempt: active.attempt, step: running.step }
  if (keys.some(({ key }) => key === idempotency?.id)) {
    const attempt = asked ?? active?.attempt ?? attempts.at(-1)?.attempt
    if (attempt !== undefined) return { attempt, step: running?.step ?? 'acknowledged' }
  }
  throw new Problem('step-not-held', 'No upgrade of this target waits for its alerts to be acknowledged.')
}

/** Acknowledges the alerts for which the upgrade of a target waits (V5): the word of a person on the step that asks for it. */
export const acknowledgeAlerts: Operate<(typeof targetUpgradeContracts)['acknowledgeAlerts']> = async (
  input,
  { log },
) => {
  const { params, body, principal, idempotency } = input
  const loaded = await registeredTarget(log, params.id)
  const { attempt, step } = stepThatWaits(loaded, body.attempt, idempotency)
  const word = { attempt, as: 'done', reason: body.comment, why: 'acknowledgement' } as const
  const answer = await takeWord({ ...input, params: { id: params.id, step } }, log, word)
  const told = { targetId: params.id, attempt, step, acknowledgedBy: principal.id }
  return { ...answer, body: { ...told, message: 'Alerts acknowledged: the upgrade goes on.' } }
}
