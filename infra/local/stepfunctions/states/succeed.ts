import type { SucceedState } from '../definition.ts'
import type { StateKind } from '../visit.ts'

export const succeed: StateKind<SucceedState> = {
  enter: (visit) => visit.exit(visit.state, visit.input, undefined),
}
