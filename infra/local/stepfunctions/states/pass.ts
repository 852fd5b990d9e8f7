import type { PassState } from '../definition.ts'
import type { StateKind } from '../visit.ts'

export const pass: StateKind<PassState> = {
  enter: (visit) => visit.exit(visit.state, visit.input, visit.state.Next),
}
