import type { MapState } from '../definition.ts'
import { EvaluationFailed } from '../errors.ts'
import { evaluate, evaluateTyped } from '../expression.ts'
import { events } from '../history.ts'
import { INLINE_MAP_CONCURRENCY, payloadText } from '../limits.ts'
import type { Fork, StateKind, Visit } from '../visit.ts'

export const map: StateKind<MapState> = {
  async enter(visit) {
    const { Items, ItemSelector, ItemProcessor } = visit.state
    const items =
      Items === undefined ? inputOf(visit) : await evaluateTyped(Items, 'Items', 'array', visit.scope())
    const concurrency = await concurrencyOf(visit)
    const forks: Fork[] = []
    for (const [index, item] of items.entries()) {
      const scope = visit.scope({}, { Map: { Item: { Index: index, Value: item } } })
      const input = ItemSelector === undefined ? item : await evaluate(ItemSelector, 'ItemSelector', scope)
      forks.push({ branch: 0, block: ItemProcessor, input: payloadText(input, visit.branch.state), item })
    }
    return { do: 'fork', started: events.mapStarted(items.length), concurrency, forks }
  },

  leave: (visit, result) => visit.exit(visit.state, result, visit.state.Next, { result }),
}

/** What a Map without Items goes through. */
function inputOf({ input }: Visit<MapState>): unknown[] {
  if (Array.isArray(input)) return input
  throw new EvaluationFailed(undefined, `Map state input must be an array but was: ${JSON.stringify(input)}`)
}

/** MaxConcurrency; 0 and none mean as many as an inline Map may run. */
async function concurrencyOf(visit: Visit<MapState>): Promise<number> {
  const { MaxConcurrency = 0 } = visit.state
  const value = await evaluateTyped(MaxConcurrency, 'MaxConcurrency', 'number', visit.scope())
  if (!Number.isInteger(value) || value < 0) {
    throw new EvaluationFailed(
      'MaxConcurrency',
      `MaxConcurrency must be an integer of at least 0 but was: ${value}`,
    )
  }
  return value === 0 ? INLINE_MAP_CONCURRENCY : Math.min(value, INLINE_MAP_CONCURRENCY)
}
