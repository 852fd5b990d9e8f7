import { describe, expect, test } from 'vitest'
import { errorNamed, outputOf, task, World } from './world.ts'

const output = async (states: Record<string, object>, input: unknown = {}) =>
  outputOf(await new World().machine(states).run(input))

describe('Pass, Succeed and Fail', () => {
  test('a Pass hands its input on, and its Output instead when it has one', async () => {
    expect(await output({ A: { Type: 'Pass', End: true } }, { a: 1 })).toEqual({ a: 1 })
    const shaped = { Type: 'Pass', Output: { b: ['{% $states.input.a %}', 'x'] }, End: true }
    expect(await output({ A: shaped }, { a: 1 })).toEqual({ b: [1, 'x'] })
  })

  test('an expression is exactly {% … %}: with spaces around it, it is a literal, and so is a key ending in .$', async () => {
    const template = { a: ' {% 1 %}', 'b.$': '$.x', c: '{%1%}' }
    expect(await output({ A: { Type: 'Pass', Output: template, End: true } })).toEqual({
      a: ' {% 1 %}',
      'b.$': '$.x',
      c: 1,
    })
  })

  test('a Fail ends the execution with its Error and Cause, which may be expressions', async () => {
    const world = new World().machine({
      F: { Type: 'Fail', Error: 'Bad', Cause: '{% "because " & $states.input.why %}' },
    })
    const ended = await world.run({ why: 'x' })
    expect(ended).toMatchObject({ status: 'FAILED', error: 'Bad', cause: 'because x' })
    expect(world.types(ended.executionArn)).toEqual([
      'ExecutionStarted',
      'FailStateEntered',
      'ExecutionFailed',
    ])
  })

  test('a Succeed ends with its Output', async () => {
    expect(await output({ S: { Type: 'Succeed', Output: '{% $states.input.a + 1 %}' } }, { a: 1 })).toBe(2)
  })

  test('the context names the execution, the machine and the state', async () => {
    const context = (await output(
      { A: { Type: 'Pass', Output: '{% $states.context %}', End: true } },
      { a: 1 },
    )) as object
    expect(context).toMatchObject({
      Execution: { Input: { a: 1 }, StartTime: '2026-01-05T00:00:00.000Z' },
      StateMachine: { Id: 'arn:aws:states:eu-central-1:000000000000:stateMachine:machine', Name: 'machine' },
      State: { Name: 'A', EnteredTime: '2026-01-05T00:00:00.000Z' },
    })
  })

  test('the context has a count of retries only where there can be any', async () => {
    const counted = '{% $exists($states.context.State.RetryCount) %}'
    const P = {
      Type: 'Parallel',
      Arguments: counted,
      Branches: [
        {
          StartAt: 'I',
          States: {
            I: { Type: 'Pass', Output: { outer: '{% $states.input %}', inner: counted }, End: true },
          },
        },
      ],
      End: true,
    }
    expect(await output({ P })).toEqual([{ outer: true, inner: false }])
  })
})

describe('Assign', () => {
  test('reads the old values of variables, never those it sets', async () => {
    const states = {
      A: { Type: 'Pass', Assign: { x: 1, y: 10 }, Next: 'B' },
      B: { Type: 'Pass', Assign: { x: '{% $y %}', y: '{% $x %}' }, Output: '{% $x %}', Next: 'C' },
      C: { Type: 'Pass', Output: { before: '{% $states.input %}', x: '{% $x %}', y: '{% $y %}' }, End: true },
    }
    expect(await output(states)).toEqual({ before: 1, x: 10, y: 1 })
  })

  test('is written to the history as JSON texts', async () => {
    const world = new World().machine({ A: { Type: 'Pass', Assign: { x: { a: 1 } }, End: true } })
    const { executionArn } = await world.run()
    expect(world.history(executionArn)[2]).toMatchObject({
      stateExitedEventDetails: {
        assignedVariables: { x: '{"a":1}' },
        assignedVariablesDetails: { truncated: false },
      },
    })
  })
})

describe('Choice', () => {
  const end = { Type: 'Pass', Output: { out: '{% $states.input %}', x: '{% $x %}' }, End: true }

  test('takes the first rule that holds, with its own Assign and Output', async () => {
    const states = {
      C: {
        Type: 'Choice',
        Assign: { x: 'state' },
        Output: 'state',
        Choices: [
          { Condition: false, Next: 'End', Output: 'never', Assign: { x: 'never' } },
          { Condition: '{% $states.input.n > 1 %}', Next: 'End', Output: 'first', Assign: { x: 'first' } },
          { Condition: true, Next: 'End', Output: 'second', Assign: { x: 'second' } },
        ],
        Default: 'End',
      },
      End: end,
    }
    expect(await output(states, { n: 2 })).toEqual({ out: 'first', x: 'first' })
    expect(await output(states, { n: 1 })).toEqual({ out: 'second', x: 'second' })
  })

  test('takes the Default with the Assign and Output of the state', async () => {
    const states = {
      C: {
        Type: 'Choice',
        Assign: { x: 's' },
        Output: 'o',
        Choices: [{ Condition: false, Next: 'End' }],
        Default: 'End',
      },
      End: end,
    }
    expect(await output(states)).toEqual({ out: 'o', x: 's' })
  })

  test('that matches nothing fails in the words of AWS', async () => {
    const world = new World().machine({
      C: { Type: 'Choice', Choices: [{ Condition: false, Next: 'S' }] },
      S: { Type: 'Succeed' },
    })
    expect(await world.run()).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause:
        "An error occurred while executing the state 'C' (entered at the event id #2). " +
        'Failed to transition out of the state. The state does not point to a next state.',
    })
  })
})

describe('Wait', () => {
  test.each([
    ['seconds', { Seconds: 90 }, 90],
    ['seconds of an expression', { Seconds: '{% $states.input.s * 2 %}' }, 14],
    ['a timestamp', { Timestamp: '2026-01-05T00:01:00Z' }, 60],
    ['a timestamp that is past', { Timestamp: '2025-01-05T00:01:00Z' }, 0],
  ])('waits for %s', async (_, field, seconds) => {
    const ended = await new World().machine({ W: { Type: 'Wait', ...field, End: true } }).run({ s: 7 })
    expect((ended.stopDate ?? 0) - ended.startDate).toBe(seconds)
  })

  test.each([
    'soon',
    '2016-12-05 21:29:29Z',
    '2016-12-05T21:29:29',
    '2016-12-05T21:29:29z',
    '2016-13-05T21:29:29Z',
    '2016-12-05T25:29:29Z',
    '2016-12-05T24:00:00Z',
    '2016-02-30T21:29:29Z',
    '05-12-2016T21:29:29Z',
  ])('fails on %s, which is no timestamp, as AWS says it', async (Timestamp) => {
    const world = new World().machine({ W: { Type: 'Wait', Timestamp, End: true } })
    const ended = await world.run()
    const failure = {
      error: 'States.QueryEvaluationError',
      cause: `An error occurred while executing the state 'W' (entered at the event id #2). The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${Timestamp}`,
    }
    expect(ended).toMatchObject({ status: 'FAILED', ...failure })
    expect(world.history(ended.executionArn).at(2)).toMatchObject({
      type: 'EvaluationFailed',
      evaluationFailedEventDetails: { ...failure, location: 'Timestamp', state: 'W' },
    })
  })
})

describe('Task', () => {
  test.each([
    ['a text', 'text', 'text'],
    ['null', null, null],
    ['the value of an expression', '{% $states.input.none %}', null],
    ['nothing', undefined, {}],
  ])('gives its function a payload of %s as it is', async (_, Payload, given) => {
    const world = new World().machine({
      T: { ...task('f'), Arguments: { FunctionName: 'f', ...(Payload !== undefined && { Payload }) } },
    })
    await world.run({ none: null })
    expect(world.calls).toEqual([{ name: 'f', payload: given }])
  })

  test("gives AWS's result shape, and its events", async () => {
    const world = new World().machine({ T: task('f') })
    world.functions.set('f', ({ a }: { a: number }) => ({ b: a + 1 }))
    const ended = await world.run({ a: 1 })
    expect(outputOf(ended)).toEqual({ ExecutedVersion: '$LATEST', Payload: { b: 2 }, StatusCode: 200 })
    expect(world.history(ended.executionArn).slice(2, 5)).toMatchObject([
      {
        type: 'TaskScheduled',
        taskScheduledEventDetails: {
          resourceType: 'lambda',
          resource: 'invoke',
          region: 'eu-central-1',
          parameters: '{"FunctionName":"f","Payload":{"a":1}}',
        },
      },
      { type: 'TaskStarted', taskStartedEventDetails: { resourceType: 'lambda', resource: 'invoke' } },
      { type: 'TaskSucceeded', previousEventId: 4 },
    ])
  })

  test('maps a function error to its type and a JSON cause', async () => {
    const world = new World().machine({ T: task('f') })
    world.functions.set('f', () => Promise.reject(errorNamed('OutOfDisk', 'no room')))
    const { status, error, cause } = await world.run()
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'OutOfDisk' })
    expect(JSON.parse(cause ?? '')).toMatchObject({ errorType: 'OutOfDisk', errorMessage: 'no room' })
  })

  test('times out after its TimeoutSeconds, which may be an expression', async () => {
    const world = new World().machine({ T: task('f', { TimeoutSeconds: '{% $states.input.s %}' }) })
    world.functions.set('f', () => new Promise(() => {}))
    const ended = await world.run({ s: 30 })
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.Timeout' })
    expect((ended.stopDate ?? 0) - ended.startDate).toBe(30)
    expect(world.types(ended.executionArn)).toContain('TaskTimedOut')
  })
})

describe('Parallel and Map', () => {
  const pass = (Output: unknown) => ({ Type: 'Pass', Output, End: true })

  test('a Parallel gives every branch its Arguments and collects their outputs in order', async () => {
    const P = {
      Type: 'Parallel',
      Arguments: { n: '{% $states.input.a %}' },
      Branches: [
        {
          StartAt: 'L',
          States: { L: { Type: 'Wait', Seconds: 5, Next: 'L2' }, L2: pass('{% $states.input.n %}') },
        },
        { StartAt: 'R', States: { R: pass('{% $states.input.n + $outer %}') } },
      ],
      Output: { all: '{% $states.result %}' },
      End: true,
    }
    const A = { Type: 'Pass', Assign: { outer: 100 }, Next: 'P' }
    expect(await output({ A, P }, { a: 1 })).toEqual({ all: [1, 101] })
  })

  test('variables of a branch end with it', async () => {
    const inner = { I: { Type: 'Pass', Assign: { inner: 1 }, End: true } }
    const P = { Type: 'Parallel', Branches: [{ StartAt: 'I', States: inner }], Next: 'Q' }
    expect(await output({ P, Q: pass('{% $exists($inner) %}') })).toBe(false)
  })

  test('a Map gives each iteration its item, or what the ItemSelector makes of it', async () => {
    const M = {
      Type: 'Map',
      Items: '{% $states.input.list %}',
      ItemSelector: {
        i: '{% $states.context.Map.Item.Index %}',
        v: '{% $states.context.Map.Item.Value %}',
        from: '{% $states.input.from %}',
      },
      ItemProcessor: {
        ProcessorConfig: { Mode: 'INLINE' },
        StartAt: 'I',
        States: {
          I: pass(
            '{% $string($states.input.i) & $states.input.v & $states.context.Map.Item.Value & $states.input.from %}',
          ),
        },
      },
      End: true,
    }
    expect(await output({ M }, { list: ['a', 'b'], from: '!' })).toEqual(['0aa!', '1bb!'])
    expect(await output({ M }, { list: [], from: '!' })).toEqual([])
  })

  test('a Map runs no more than MaxConcurrency iterations at a time', async () => {
    const world = new World().machine({
      M: {
        Type: 'Map',
        MaxConcurrency: 2,
        ItemProcessor: { StartAt: 'T', States: { T: task('f') } },
        End: true,
      },
    })
    let running = 0
    let most = 0
    world.functions.set('f', async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
    })
    expect(outputOf(await world.run([1, 2, 3, 4, 5]))).toHaveLength(5)
    expect(most).toBe(2)
  })

  test.each([
    [{ a: 1 }, '{"a":1}'],
    ['text', '"text"'],
    [null, 'null'],
  ])('a Map over its input fails on %j as AWS says it', async (input, text) => {
    const M = { Type: 'Map', ItemProcessor: { StartAt: 'I', States: { I: pass(1) } }, End: true }
    expect(await new World().machine({ M }).run(input)).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: `An error occurred while executing the state 'M' (entered at the event id #2). Map state input must be an array but was: ${text}`,
    })
  })

  test('what goes down with a branch is said of each state, after the event of the failure', async () => {
    const world = new World()
    world.functions.set('hangs', () => new Promise(() => {}))
    world.functions.set('breaks', () => {
      throw errorNamed('Broken')
    })
    const branch = (name: string, state: object) => ({
      StartAt: name,
      States: { [name]: { ...state, End: true } },
    })
    world.machine({
      P: {
        Type: 'Parallel',
        Branches: [
          branch('B', task('breaks')),
          branch('T', task('hangs')),
          branch('W', { Type: 'Wait', Seconds: 1000 }),
          branch('N', { Type: 'Parallel', Branches: [branch('I', { Type: 'Wait', Seconds: 1000 })] }),
        ],
        End: true,
      },
    })
    const { executionArn } = await world.run()
    const history = world.history(executionArn)
    const failed = history.findIndex(({ type }) => type === 'TaskFailed')
    const { id } = history[failed] ?? {}
    expect(history.slice(failed + 1).map(({ type, previousEventId }) => [type, previousEventId])).toEqual([
      ['TaskStateAborted', id],
      ['TaskStateAborted', id],
      ['WaitStateAborted', id],
      ['WaitStateAborted', id],
      ['ParallelStateAborted', id],
      ['ParallelStateFailed', id],
      ['ExecutionFailed', history.at(-2)?.id],
    ])
  })

  test('an iteration follows the one that made room for it, and the state follows the last', async () => {
    const world = new World().machine({
      M: {
        Type: 'Map',
        MaxConcurrency: 1,
        ItemProcessor: { StartAt: 'I', States: { I: pass(1) } },
        End: true,
      },
    })
    const { executionArn } = await world.run([1, 2])
    // As AWS has recorded it.
    expect(
      world.history(executionArn).map(({ id, previousEventId, type }) => [id, previousEventId, type]),
    ).toEqual([
      [1, 0, 'ExecutionStarted'],
      [2, 0, 'MapStateEntered'],
      [3, 2, 'MapStateStarted'],
      [4, 3, 'MapIterationStarted'],
      [5, 4, 'PassStateEntered'],
      [6, 5, 'PassStateExited'],
      [7, 6, 'MapIterationSucceeded'],
      [8, 6, 'MapIterationStarted'],
      [9, 8, 'PassStateEntered'],
      [10, 9, 'PassStateExited'],
      [11, 10, 'MapIterationSucceeded'],
      [12, 11, 'MapStateSucceeded'],
      [13, 11, 'MapStateExited'],
      [14, 13, 'ExecutionSucceeded'],
    ])
  })

  test('the first branch to fail takes its state down and aborts the others', async () => {
    const world = new World().machine({
      M: {
        Type: 'Map',
        ItemProcessor: {
          StartAt: 'C',
          States: {
            C: {
              Type: 'Choice',
              Choices: [{ Condition: '{% $states.input = 1 %}', Next: 'F' }],
              Default: 'W',
            },
            F: { Type: 'Fail', Error: 'One' },
            W: { Type: 'Wait', Seconds: 1000, End: true },
          },
        },
        Catch: [{ ErrorEquals: ['One'], Output: '{% $states.errorOutput %}', Next: 'S' }],
        End: true,
      },
      S: { Type: 'Succeed' },
    })
    const ended = await world.run([0, 1])
    expect(outputOf(ended)).toEqual({ Error: 'One' })
    const types = world.types(ended.executionArn)
    expect(types.slice(types.indexOf('FailStateEntered'))).toEqual([
      'FailStateEntered',
      'MapIterationFailed',
      'MapIterationAborted',
      'WaitStateAborted',
      'MapStateFailed',
      'MapStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ])
  })

  test('a Map inside a Parallel inside a Map works as each does alone', async () => {
    const innermost = { StartAt: 'I', States: { I: pass('{% $states.input * 2 %}') } }
    const P = {
      Type: 'Parallel',
      Branches: [
        {
          StartAt: 'N',
          States: {
            N: { Type: 'Map', Items: '{% [$states.input, 10] %}', ItemProcessor: innermost, End: true },
          },
        },
      ],
      End: true,
    }
    expect(
      await output({ M: { Type: 'Map', ItemProcessor: { StartAt: 'P', States: { P } }, End: true } }, [1, 2]),
    ).toEqual([[[2, 20]], [[4, 20]]])
  })
})
