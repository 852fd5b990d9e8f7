import type { FailState } from '../definition.ts'
import { evaluateTyped } from '../expression.ts'
import type { StateKind } from '../visit.ts'

export const fail: StateKind<FailState> = {
  async enter(visit) {
    const { Error: error, Cause: cause } = visit.state
    const text = (template: string, field: string) => evaluateTyped(template, field, 'string', visit.scope())
    return {
      do: 'fail',
      failure: {
        ...(error !== undefined && { error: await text(error, 'Error') }),
        ...(cause !== undefined && { cause: await text(cause, 'Cause') }),
      },
    }
  },
}
