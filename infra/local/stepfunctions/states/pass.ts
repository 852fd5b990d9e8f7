import type { PassState } from '../definition.ts'
import type { StateKind } from '../step.ts'

export const pass: StateKind<PassState> = {
  enter: (step) => step.exit(step.state, step.input, step.state.Next),
}
