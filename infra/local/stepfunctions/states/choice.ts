import type { ChoiceState } from '../definition.ts'
import { evaluateTyped } from '../expression.ts'
import type { StateKind } from '../visit.ts'

export const choice: StateKind<ChoiceState> = {
  /** The first rule that holds decides, with its own Assign and Output; those of the state are the Default's. */
  async enter(visit) {
    for (const [index, rule] of visit.state.Choices.entries()) {
      const field = `Choices[${index}]/Condition`
      if (await evaluateTyped(rule.Condition, field, 'boolean', visit.scope())) {
        return visit.exit(rule, visit.input, rule.Next)
      }
    }
    if (visit.state.Default === undefined) {
      throw visit.runtimeError(
        'Failed to transition out of the state. The state does not point to a next state.',
      )
    }
    return visit.exit(visit.state, visit.input, visit.state.Default)
  },
}
