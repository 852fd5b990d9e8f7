import type { ChoiceState } from '../definition.ts'
import { evaluateTyped } from '../expression.ts'
import type { StateKind } from '../step.ts'

export const choice: StateKind<ChoiceState> = {
  /** The first rule that holds decides, with its own Assign and Output; those of the state are the Default's. */
  async enter(step) {
    for (const [index, rule] of step.state.Choices.entries()) {
      const field = `Choices[${index}]/Condition`
      if (await evaluateTyped(rule.Condition, field, 'boolean', step.scope())) {
        return step.exit(rule, step.input, rule.Next)
      }
    }
    if (step.state.Default === undefined) {
      throw step.runtimeError(
        'Failed to transition out of the state. The state does not point to a next state.',
      )
    }
    return step.exit(step.state, step.input, step.state.Default)
  },
}
