import type { FailState } from '../definition.ts'
import { evaluateTyped } from '../expression.ts'
import type { StateKind } from '../step.ts'

export const fail: StateKind<FailState> = {
  async enter(step) {
    const { Error: error, Cause: cause } = step.state
    const text = (template: string, field: string) => evaluateTyped(template, field, 'string', step.scope())
    return {
      do: 'fail',
      failure: {
        ...(error !== undefined && { error: await text(error, 'Error') }),
        ...(cause !== undefined && { cause: await text(cause, 'Cause') }),
      },
    }
  },
}
