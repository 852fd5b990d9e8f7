import type { ParallelState } from '../definition.ts'
import { events } from '../history.ts'
import { payloadText } from '../limits.ts'
import type { StateKind } from '../step.ts'

export const parallel: StateKind<ParallelState> = {
  async enter(step) {
    const { Arguments, Branches } = step.state
    const value = Arguments === undefined ? step.input : await step.evaluate(Arguments, 'Arguments')
    const input = payloadText(value, step.branch.state)
    return {
      do: 'fork',
      started: events.fanOut('Parallel', 'Started'),
      concurrency: Branches.length,
      forks: Branches.map((block, branch) => ({ branch, block, input })),
    }
  },

  leave: (step, result) => step.exit(step.state, result, step.state.Next, { result }),
}
