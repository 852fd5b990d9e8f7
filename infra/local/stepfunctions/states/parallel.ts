import type { ParallelState } from '../definition.ts'
import { events } from '../history.ts'
import { payloadText } from '../limits.ts'
import type { StateKind } from '../visit.ts'

export const parallel: StateKind<ParallelState> = {
  async enter(visit) {
    const { Arguments, Branches } = visit.state
    const value = Arguments === undefined ? visit.input : await visit.evaluate(Arguments, 'Arguments')
    const input = payloadText(value, visit.branch.state)
    return {
      do: 'fork',
      started: events.fanOut('Parallel', 'Started'),
      concurrency: Branches.length,
      forks: Branches.map((block, branch) => ({ branch, block, input })),
    }
  },

  leave: (visit, result) => visit.exit(visit.state, result, visit.state.Next, { result }),
}
