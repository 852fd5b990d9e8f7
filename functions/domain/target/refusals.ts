import { reject } from '../aggregate.ts'
import type { TargetState } from './state.ts'

/** No such target is registered. */
export const notRegistered = reject({
  code: 'target-not-found',
  detail: 'No such target is registered. Register it with POST /api/v1/targets.',
})

/** Returns why a target takes neither commands nor reports; undefined when it does. */
export function refuseTarget({ registered, retired }: Pick<TargetState, 'registered' | 'retired'>) {
  if (!registered) return notRegistered
  if (!retired) return undefined
  const detail = `This target was retired (${retired.reason}): it gets no updates, and takes no changes and no reports.`
  return reject({ code: 'target-retired', detail })
}
