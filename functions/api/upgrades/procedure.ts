import type { Deployment } from '../../../contracts/deployment.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { procedureFor, withProcedure } from '../../facts/procedures.ts'
import type { Log } from '../../log/log.ts'
import { asProblem } from '../http/problem.ts'

/**
 * Returns a request with the procedure that it names, bound to the content of one revision. Throws the problem that there is none; `place` is where
 * it stands in what was sent.
 */
export async function bindProcedure(
  log: Log,
  request: UpgradeRequest,
  choice: Deployment['procedure'],
  place = '',
): Promise<UpgradeRequest> {
  if (choice === null) return request
  const found = await procedureFor(log, choice)
  if ('rejected' in found) {
    const { fields = [], ...rejected } = found.rejected
    throw asProblem({
      ...rejected,
      fields: fields.map((field) => ({ ...field, field: `${place}${field.field}` })),
    })
  }
  return withProcedure(request, found)
}
