import fc from 'fast-check'
import { expect, test } from 'vitest'
import { errorNamed, type HistoryEvent, task, World } from './world.ts'

type Draw = { kind: 'Pass' | 'Choice' | 'Wait' | 'Task' | 'Map'; a: number; b: number; fails: boolean }

const draw: fc.Arbitrary<Draw> = fc.record({
  kind: fc.constantFrom('Pass', 'Choice', 'Wait', 'Task', 'Map'),
  a: fc.nat(4),
  b: fc.nat(4),
  fails: fc.boolean(),
})

/** States that only lead forward, so that every machine ends; a Next beyond the last is the end. */
function statesOf(draws: readonly Draw[]): Record<string, object> {
  const name = (index: number) => (index < draws.length ? `S${index}` : 'End')
  const states: Record<string, object> = {}
  for (const [index, { kind, a, b, fails }] of draws.entries()) {
    const Next = name(index + 1)
    const Catch = b % 2 === 0 ? { Catch: [{ ErrorEquals: ['States.ALL'], Next }] } : {}
    const Retry = [{ ErrorEquals: ['Flaky'], MaxAttempts: a }]
    states[name(index)] = {
      Pass: { Type: 'Pass', Output: fails && b === 1 ? '{% $missing %}' : { a }, Assign: { v: a }, Next },
      Choice: {
        Type: 'Choice',
        Choices: [{ Condition: `{% ${a} > ${b} %}`, Next: name(index + 1 + b) }],
        Default: Next,
      },
      Wait: { Type: 'Wait', Seconds: a, Next },
      Task: task(fails ? 'flaky' : 'steady', { Retry, ...Catch, Next }),
      Map: {
        Type: 'Map',
        Items: Array.from({ length: a }, (_, item) => item),
        MaxConcurrency: b,
        ItemProcessor: { StartAt: `T${index}`, States: { [`T${index}`]: task(fails ? 'flaky' : 'steady') } },
        Retry,
        ...Catch,
        Next,
      },
    }[kind]
  }
  states.End = { Type: 'Succeed' }
  return states
}

function checkHistory(history: HistoryEvent[], status: string): void {
  expect(history.map(({ id }) => id)).toEqual(history.map((_, index) => index + 1))
  expect(history.every(({ id, previousEventId }) => previousEventId < id)).toBe(true)
  expect(history[0]?.type).toBe('ExecutionStarted')
  expect(history.filter(({ type }) => /^Execution(?!Started)/.test(type))).toHaveLength(1)
  expect(history.at(-1)?.type).toBe({ SUCCEEDED: 'ExecutionSucceeded', FAILED: 'ExecutionFailed' }[status])
  const count = (pattern: RegExp) => history.filter(({ type }) => pattern.test(type)).length
  const left = count(/StateEntered$/) - count(/StateExited$/)
  if (status === 'SUCCEEDED') expect(left).toBeGreaterThanOrEqual(0)
  expect(count(/^TaskScheduled$/)).toBe(count(/^TaskStarted$/))
  expect(count(/^TaskScheduled$/)).toBeGreaterThanOrEqual(count(/^Task(Succeeded|Failed)$/))
  expect(count(/^MapIterationStarted$/)).toBe(count(/^MapIteration(Succeeded|Failed|Aborted)$/))
}

test('every machine that only leads forward ends, with a history that is well formed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(draw, { minLength: 1, maxLength: 8 }), fc.nat(1000), async (draws, seed) => {
      const world = new World()
      const states = withoutUnreached(statesOf(draws))
      world.machine(states)
      let calls = seed
      world.functions.set('steady', () => 1)
      world.functions.set('flaky', () => {
        calls = (calls * 7919 + 13) % 1009
        if (calls % 3 > 0) throw errorNamed('Flaky')
        return 1
      })
      const ended = await world.run()
      expect(['SUCCEEDED', 'FAILED']).toContain(ended.status)
      checkHistory(world.history(ended.executionArn), ended.status)
      expect(world.emitted.map(({ detail }) => detail.status)).toEqual(['RUNNING', ended.status])
    }),
    { numRuns: 60 },
  )
})

/** Leaves out the states that a Choice jumps over for all: the engine refuses what cannot be reached. */
function withoutUnreached(states: Record<string, object>): Record<string, object> {
  const reached = new Set<string>()
  const visit = (name: string) => {
    if (reached.has(name)) return
    reached.add(name)
    for (const [, next] of JSON.stringify(states[name] ?? {}).matchAll(/"(?:Next|Default)":"(\w+)"/g))
      visit(next ?? '')
  }
  visit('S0')
  return Object.fromEntries(Object.entries(states).filter(([name]) => reached.has(name)))
}
