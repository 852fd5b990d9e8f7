import type { SucceedState } from '../definition.ts'
import type { StateKind } from '../step.ts'

export const succeed: StateKind<SucceedState> = {
  enter: (step) => step.exit(step.state, step.input, undefined),
}
