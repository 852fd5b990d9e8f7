import type { MapState } from '../definition.ts'
import { EvaluationFailed } from '../errors.ts'
import { evaluate, evaluateTyped } from '../expression.ts'
import { events } from '../history.ts'
import { INLINE_MAP_CONCURRENCY, payloadText } from '../limits.ts'
import type { Fork, StateKind, Step } from '../step.ts'

export const map: StateKind<MapState> = {
  async enter(step) {
    const { Items, ItemSelector, ItemProcessor } = step.state
    const items = await evaluateTyped(Items ?? '{% $states.input %}', 'Items', 'array', step.scope())
    const concurrency = await concurrencyOf(step)
    const forks: Fork[] = []
    for (const [index, item] of items.entries()) {
      const scope = step.scope({}, { Map: { Item: { Index: index, Value: item } } })
      const input = ItemSelector === undefined ? item : await evaluate(ItemSelector, 'ItemSelector', scope)
      forks.push({ branch: 0, block: ItemProcessor, input: payloadText(input, step.branch.state), item })
    }
    return { do: 'fork', started: events.mapStarted(items.length), concurrency, forks }
  },

  leave: (step, result) => step.exit(step.state, result, step.state.Next, { result }),
}

/** MaxConcurrency; 0 and none mean as many as an inline Map may run. */
async function concurrencyOf(step: Step<MapState>): Promise<number> {
  const { MaxConcurrency = 0 } = step.state
  const value = await evaluateTyped(MaxConcurrency, 'MaxConcurrency', 'number', step.scope())
  if (!Number.isInteger(value) || value < 0) {
    throw new EvaluationFailed(
      'MaxConcurrency',
      `MaxConcurrency must be an integer of at least 0 but was: ${value}`,
    )
  }
  return value === 0 ? INLINE_MAP_CONCURRENCY : Math.min(value, INLINE_MAP_CONCURRENCY)
}
