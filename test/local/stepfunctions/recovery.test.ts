import { describe, expect, test } from 'vitest'
import { errorNamed, outputOf, task, World } from './world.ts'

/** A world whose function fails with the errors given, in turn, and then answers. */
function failing(errors: string[], states: Record<string, object>): World {
  const world = new World().machine(states)
  const left = [...errors]
  world.functions.set('f', () => {
    const error = left.shift()
    if (error !== undefined) throw errorNamed(error)
    return 'done'
  })
  return world
}

const seconds = ({ startDate, stopDate }: { startDate: number; stopDate?: number }) =>
  (stopDate ?? 0) - startDate
const retrying = (...Retry: object[]) => ({ T: task('f', { Retry, Output: '{% $states.result.Payload %}' }) })

describe('Retry', () => {
  test('MaxAttempts 2 means three attempts, then the error stands', async () => {
    const world = failing(['E', 'E', 'E', 'E'], retrying({ ErrorEquals: ['E'], MaxAttempts: 2 }))
    expect(await world.run()).toMatchObject({ status: 'FAILED', error: 'E' })
    expect(world.calls).toHaveLength(3)
  })

  test('waits IntervalSeconds, grown by BackoffRate, up to MaxDelaySeconds', async () => {
    const retrier = {
      ErrorEquals: ['E'],
      IntervalSeconds: 3,
      BackoffRate: 3,
      MaxDelaySeconds: 10,
      MaxAttempts: 4,
    }
    expect(seconds(await failing(['E', 'E', 'E', 'E'], retrying(retrier)).run())).toBe(3 + 9 + 10 + 10)
  })

  test('has an interval of 1 s, a rate of 2 and three retries by default', async () => {
    const ended = await failing(['E', 'E', 'E'], retrying({ ErrorEquals: ['States.ALL'] })).run()
    expect([outputOf(ended), seconds(ended)]).toEqual(['done', 1 + 2 + 4])
  })

  test('with full jitter waits no longer than without', async () => {
    const retrier = { ErrorEquals: ['E'], IntervalSeconds: 100, JitterStrategy: 'FULL' }
    const ended = await failing(['E'], retrying(retrier)).run()
    expect(seconds(ended)).toBeLessThanOrEqual(100)
    expect(outputOf(ended)).toBe('done')
  })

  test('counts each retrier on its own', async () => {
    const retriers = [
      { ErrorEquals: ['A'], MaxAttempts: 1, IntervalSeconds: 10, BackoffRate: 1 },
      { ErrorEquals: ['B'], MaxAttempts: 2, IntervalSeconds: 100, BackoffRate: 1 },
    ]
    const ended = await failing(['A', 'B', 'B'], retrying(...retriers)).run()
    expect([outputOf(ended), seconds(ended)]).toEqual(['done', 210])
    expect(await failing(['A', 'B', 'A'], retrying(...retriers)).run()).toMatchObject({ error: 'A' })
  })

  test('of a Task adds only new Scheduled, Started and Failed events', async () => {
    const world = failing(['E'], retrying({ ErrorEquals: ['E'] }))
    const { executionArn } = await world.run()
    expect(world.types(executionArn)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskFailed',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ])
  })

  test('of a Parallel repeats its Started event and fails once at the end', async () => {
    const world = new World().machine({
      P: {
        Type: 'Parallel',
        Branches: [{ StartAt: 'F', States: { F: { Type: 'Fail', Error: 'E' } } }],
        Retry: [{ ErrorEquals: ['E'], MaxAttempts: 1 }],
        End: true,
      },
    })
    const { executionArn } = await world.run()
    expect(world.types(executionArn)).toEqual([
      'ExecutionStarted',
      'ParallelStateEntered',
      'ParallelStateStarted',
      'FailStateEntered',
      'ParallelStateStarted',
      'FailStateEntered',
      'ParallelStateFailed',
      'ExecutionFailed',
    ])
  })

  test('is over before a Catch is looked at', async () => {
    const T = task('f', {
      Retry: [{ ErrorEquals: ['E'], MaxAttempts: 1 }],
      Catch: [{ ErrorEquals: ['E'], Next: 'C' }],
    })
    const world = failing(['E', 'E'], { T, C: { Type: 'Pass', Output: 'caught', End: true } })
    expect(outputOf(await world.run())).toBe('caught')
    expect(world.calls).toHaveLength(2)
  })
})

describe('Catch', () => {
  const caught = async (error: string, ...ErrorEquals: string[]) => {
    const T = task('f', { Catch: [{ ErrorEquals, Next: 'C' }] })
    return (await failing([error], { T, C: { Type: 'Succeed' } }).run()).status === 'SUCCEEDED'
  }

  test.each([
    ['E', ['E'], true],
    ['E', ['D', 'E'], true],
    ['E', ['D'], false],
    ['E', ['States.ALL'], true],
    ['E', ['States.TaskFailed'], true],
    ['States.Timeout', ['States.TaskFailed'], false],
    ['States.HeartbeatTimeout', ['States.Timeout'], true],
    ['States.Runtime', ['States.ALL'], false],
    ['States.DataLimitExceeded', ['States.ALL'], false],
    ['States.DataLimitExceeded', ['States.TaskFailed'], false],
    ['States.DataLimitExceeded', ['States.DataLimitExceeded'], true],
  ])('takes %s by %j: %s', async (error, names, expected) => {
    expect(await caught(error, ...names)).toBe(expected)
  })

  test('without Output gives the error output; with Assign and Output sees it as $states.errorOutput', async () => {
    const Catch = [
      { ErrorEquals: ['A'], Next: 'C' },
      {
        ErrorEquals: ['States.ALL'],
        Next: 'C',
        Assign: { e: '{% $states.errorOutput.Error %}' },
        Output: { was: '{% $states.input %}' },
      },
    ]
    const C = {
      Type: 'Pass',
      Output: { in: '{% $states.input %}', e: '{% $exists($e) ? $e : null %}' },
      End: true,
    }
    const run = async (error: string) =>
      outputOf(await failing([error], { T: task('f', { Catch }), C }).run({ i: 1 }))
    expect(await run('A')).toMatchObject({
      in: { Error: 'A', Cause: expect.stringContaining('errorType') },
      e: null,
    })
    expect(await run('B')).toEqual({ in: { was: { i: 1 } }, e: 'B' })
  })

  test('takes a failed expression of its own state, with an EvaluationFailed event', async () => {
    const T = task('f', {
      Output: '{% $states.result.missing %}',
      Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'C' }],
    })
    const world = failing([], { T, C: { Type: 'Succeed' } })
    const ended = await world.run()
    const cause =
      "An error occurred while executing the state 'T' (entered at the event id #2). The JSONata expression '$states.result.missing' specified for the field 'Output' returned nothing (undefined)."
    expect(outputOf(ended)).toEqual({ Error: 'States.QueryEvaluationError', Cause: cause })
    expect(world.history(ended.executionArn).find(({ type }) => type === 'EvaluationFailed')).toMatchObject({
      evaluationFailedEventDetails: {
        error: 'States.QueryEvaluationError',
        cause,
        location: 'Output',
        state: 'T',
      },
    })
  })

  test('that itself fails is not caught again', async () => {
    const T = task('f', { Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $nothing %}', Next: 'C' }] })
    expect(await failing(['E'], { T, C: { Type: 'Succeed' } }).run()).toMatchObject({
      status: 'FAILED',
      error: 'States.QueryEvaluationError',
    })
  })
})
