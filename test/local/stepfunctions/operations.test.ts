import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openStepFunctions } from '../../../infra/local/stepfunctions/engine.ts'
import { ManualClock } from './manual-clock.ts'
import { outputOf, task, tokenTask, World } from './world.ts'

const wait = { W: { Type: 'Wait', Seconds: 60, End: true } }
const DAY = 24 * 3600

describe('StartExecution', () => {
  test('the same name and input give the execution that runs', async () => {
    const world = new World().machine(wait)
    const first = world.request('StartExecution', { stateMachineArn: world.arn, name: 'n', input: '{"a":1}' })
    world.clock.advance(5)
    expect(
      world.request('StartExecution', { stateMachineArn: world.arn, name: 'n', input: '{"a":1}' }),
    ).toEqual(first)
    await world.settle()
    expect(world.emitted).toHaveLength(1)
  })

  test('another input, or a closed execution, is ExecutionAlreadyExists', async () => {
    const world = new World().machine(wait)
    const arn = world.start({ a: 1 }, 'n')
    const exists = expect.objectContaining({
      type: 'ExecutionAlreadyExists',
      message: `Execution Already Exists: '${arn}'`,
    })
    expect(() => world.start({ a: 2 }, 'n')).toThrow(exists)
    await world.finish(arn)
    expect(() => world.start({ a: 1 }, 'n')).toThrow(exists)
  })

  test('a name is free again 90 days after its execution has closed', async () => {
    const world = new World().machine(wait)
    await world.finish(world.start({ a: 1 }, 'n'))
    world.clock.advance(90 * DAY - 1)
    expect(() => world.start({ a: 2 }, 'n')).toThrow('Already Exists')
    world.clock.advance(1)
    const again = world.start({ a: 2 }, 'n')
    expect(outputOf(await world.finish(again))).toEqual({ a: 2 })
  })

  test.each([
    ['StateMachineDoesNotExist', { stateMachineArn: 'arn:x' }],
    ['InvalidName', { name: 'a b' }],
    ['InvalidName', { name: 'a:b' }],
    ['InvalidName', { name: 'x'.repeat(81) }],
    ['InvalidExecutionInput', { input: '{' }],
    ['InvalidExecutionInput', { input: JSON.stringify('x'.repeat(256 * 1024)) }],
    ['ValidationException', { input: 1 }],
  ])('refuses with %s', (type, input) => {
    const world = new World().machine(wait)
    expect(() => world.request('StartExecution', { stateMachineArn: world.arn, ...input })).toThrow(
      expect.objectContaining({ type }),
    )
  })

  test('running executions keep the definition they began with', async () => {
    const world = new World().machine({ ...wait, W: { ...wait.W, Output: 'old' } })
    const before = world.start()
    world.machine({ ...wait, W: { ...wait.W, Output: 'new' } })
    const after = world.start()
    expect(outputOf(await world.finish(before))).toBe('old')
    expect(outputOf(await world.finish(after))).toBe('new')
  })
})

describe('reading back', () => {
  test('ListExecutions pages from the newest on and filters by status', async () => {
    const world = new World().machine(wait)
    const arns = [1, 2, 3].map((n) => world.start(n))
    world.request('StopExecution', { executionArn: arns[1] })
    type Page = { executions: { executionArn: string }[]; nextToken?: string }
    const list = (more: object) =>
      world.request('ListExecutions', { stateMachineArn: world.arn, ...more }) as Page
    const first = list({ maxResults: 2 })
    const second = list({ maxResults: 2, nextToken: first.nextToken })
    expect([...first.executions, ...second.executions].map((each) => each.executionArn)).toEqual(
      arns.toReversed(),
    )
    expect(second.nextToken).toBeUndefined()
    expect(list({ statusFilter: 'ABORTED' }).executions).toMatchObject([{ executionArn: arns[1] }])
    expect(() => list({ nextToken: 'x' })).toThrow(expect.objectContaining({ type: 'InvalidToken' }))
  })

  test('GetExecutionHistory pages in both directions', async () => {
    const world = new World().machine({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', End: true } })
    const { executionArn } = await world.run()
    type Page = { events: { id: number }[]; nextToken?: string }
    const ids = (reverseOrder: boolean) => {
      const found: number[] = []
      let nextToken: string | undefined
      do {
        const page = world.request('GetExecutionHistory', {
          executionArn,
          reverseOrder,
          maxResults: 4,
          nextToken,
        }) as Page
        found.push(...page.events.map(({ id }) => id))
        nextToken = page.nextToken
      } while (nextToken !== undefined)
      return found
    }
    expect(ids(false)).toEqual([1, 2, 3, 4, 5, 6])
    expect(ids(true)).toEqual([6, 5, 4, 3, 2, 1])
  })

  test('state machines are described and listed', () => {
    const world = new World().machine(wait)
    expect(world.request('DescribeStateMachine', { stateMachineArn: world.arn })).toMatchObject({
      name: 'machine',
      type: 'STANDARD',
      status: 'ACTIVE',
    })
    expect(world.request('ListStateMachines', {})).toMatchObject({
      stateMachines: [{ stateMachineArn: world.arn }],
    })
  })

  test('an operation that is not implemented is refused', () => {
    expect(() => new World().request('RedriveExecution', {})).toThrow(
      expect.objectContaining({ type: 'UnknownOperationException' }),
    )
  })
})

describe('the end of an execution', () => {
  test('StopExecution aborts what runs, and changes nothing afterwards', async () => {
    const world = new World().machine(wait)
    const executionArn = world.start()
    const stopped = world.request('StopExecution', { executionArn, error: 'E', cause: 'c' })
    world.clock.advance(100)
    expect(world.request('StopExecution', { executionArn })).toEqual(stopped)
    expect(world.describe(executionArn)).toMatchObject({ status: 'ABORTED', error: 'E', cause: 'c' })
    expect(world.types(executionArn).at(-1)).toBe('ExecutionAborted')
  })

  test('TimeoutSeconds of the machine, and a year without it, end it as TIMED_OUT', async () => {
    const T = tokenTask('f')
    const limited = await new World().machine({ T }, { TimeoutSeconds: 30 }).run()
    expect([limited.status, (limited.stopDate ?? 0) - limited.startDate]).toEqual(['TIMED_OUT', 30])
    const endless = await new World().machine({ T }).run()
    expect([endless.status, (endless.stopDate ?? 0) - endless.startDate]).toEqual(['TIMED_OUT', 365 * DAY])
  })

  test('the end is emitted too when a task times out for good', async () => {
    const world = new World().machine({ T: task('f', { TimeoutSeconds: 5 }) })
    world.functions.set('f', () => new Promise(() => {}))
    await world.run()
    expect(world.emitted.map(({ detail }) => detail.status)).toEqual(['RUNNING', 'FAILED'])
  })

  test('start and end are emitted as AWS does', async () => {
    const world = new World().machine(wait)
    const executionArn = world.start({ a: 1 }, 'n')
    await world.finish(executionArn)
    expect(world.emitted).toHaveLength(2)
    expect(world.emitted[1]).toMatchObject({
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      resources: [executionArn],
      time: '2026-01-05T00:01:00.000Z',
      detail: {
        executionArn,
        stateMachineArn: world.arn,
        name: 'n',
        status: 'SUCCEEDED',
        startDate: Date.parse('2026-01-05T00:00:00Z'),
        stopDate: Date.parse('2026-01-05T00:01:00Z'),
        input: '{"a":1}',
        output: '{"a":1}',
      },
    })
  })
})

describe('limits', () => {
  const big = (bytes: number) => `{% $join([1..${bytes}].("x")) %}`

  test('an output over 256 KiB is States.DataLimitExceeded, which States.ALL does not catch', async () => {
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'S' }]
    const world = new World().machine({ T: task('f', { Catch }), S: { Type: 'Succeed' } })
    world.functions.set('f', () => 'x'.repeat(256 * 1024))
    expect(await world.run()).toMatchObject({
      status: 'FAILED',
      error: 'States.DataLimitExceeded',
      cause:
        "The state/task 'arn:aws:states:::lambda:invoke' returned a result with a size exceeding the maximum number of bytes service limit.",
    })
  })

  test('256 KiB exactly is not too much', async () => {
    const bytes = 256 * 1024 - 2
    const pass = (Output: string) => new World().machine({ P: { Type: 'Pass', Output, End: true } }).run()
    expect(await pass(big(bytes))).toMatchObject({ status: 'SUCCEEDED' })
    expect(await pass(big(bytes + 1))).toMatchObject({ error: 'States.DataLimitExceeded' })
  })

  test('an execution that would need more than 25,000 events fails with the last of them', async () => {
    const world = new World().machine({
      A: { Type: 'Pass', Assign: { n: 1 }, Next: 'B' },
      B: { Type: 'Choice', Choices: [{ Condition: true, Next: 'A' }] },
    })
    const arn = world.start()
    while (world.describe(arn).status === 'RUNNING') await world.settle()
    expect(world.describe(arn)).toMatchObject({
      status: 'FAILED',
      cause: 'The execution reached the maximum number of history events (25000).',
    })
    const last = world.request('GetExecutionHistory', {
      executionArn: arn,
      reverseOrder: true,
      maxResults: 1,
    })
    // A transition is all or nothing, so the last one may have left a place free.
    expect(last).toMatchObject({
      events: [{ type: 'ExecutionFailed', id: expect.toSatisfy((id) => id === 24_999 || id === 25_000) }],
    })
  })
})

describe('a second start of the engine', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stepfunctions-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const file = () => join(folder, 'engine.sqlite')

  test('invokes a plain task again, and a token task with the same token only if it was not taken', async () => {
    const clock = new ManualClock()
    const first = new World(file(), clock).machine({
      P: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'Plain', States: { Plain: task('plain') } },
          { StartAt: 'Taken', States: { Taken: tokenTask('taken') } },
          { StartAt: 'Open', States: { Open: tokenTask('open') } },
        ],
        Output: 'all',
        End: true,
      },
    })
    for (const name of ['plain', 'open']) first.functions.set(name, () => new Promise(() => {}))
    const arn = first.start()
    await first.settle()
    await first.engine.stop()

    const second = new World(file(), clock)
    second.engine.resume()
    await second.settle()
    expect(second.calls.map(({ name }) => name)).toEqual(['plain', 'open'])
    const tokens = first.calls.slice(1).map(({ payload }) => (payload as { token: string }).token)
    expect(second.calls[1]?.payload).toEqual({ token: tokens[1] })
    for (const taskToken of tokens) second.request('SendTaskSuccess', { taskToken, output: '1' })
    expect(outputOf(await second.finish(arn))).toBe('all')
    await second.engine.stop()
  })

  test('keeps timers, and ends what fell due meanwhile', async () => {
    const clock = new ManualClock()
    const first = new World(file(), clock).machine(wait)
    const arn = first.start()
    await first.settle()
    await first.engine.stop()
    clock.advance(61)
    const second = new World(file(), clock)
    second.engine.resume()
    expect((await second.finish(arn)).status).toBe('SUCCEEDED')
    await second.engine.stop()
  })

  test('emits what was not taken before', async () => {
    const clock = new ManualClock()
    const deaf = openStepFunctions({
      file: file(),
      clock,
      invoke: async () => null,
      emit: () => Promise.reject(new Error('bus is down')),
    })
    const definition = { QueryLanguage: 'JSONata', StartAt: 'S', States: { S: { Type: 'Succeed' } } }
    const stateMachineArn = deaf.createStateMachine({ name: 'machine', definition })
    await deaf.request('StartExecution', { stateMachineArn })
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
    await deaf.stop()
    const second = new World(file(), clock)
    second.engine.resume()
    await second.settle()
    expect(second.emitted.map(({ detail }) => detail.status)).toEqual(['RUNNING', 'SUCCEEDED'])
    await second.engine.stop()
  })
})

describe('machines that are made while it runs', () => {
  const definition = {
    QueryLanguage: 'JSONata',
    StartAt: 'Wait',
    States: { Wait: { Type: 'Wait', Seconds: 10, Next: 'Done' }, Done: { Type: 'Succeed' } },
  }
  const make = (world: World, made: object = definition, more: object = {}) =>
    world.request('CreateStateMachine', {
      name: 'made',
      definition: JSON.stringify(made),
      roleArn: 'role',
      ...more,
    }) as { stateMachineArn: string }
  const refusalOf = (act: () => unknown) => {
    try {
      act()
    } catch (error) {
      return (error as { type?: string }).type
    }
    return 'not refused'
  }

  test('are there once however often they are made, and another one is refused', () => {
    const world = new World()
    const { stateMachineArn } = make(world)
    expect(make(world).stateMachineArn).toBe(stateMachineArn)
    expect(refusalOf(() => make(world, { ...definition, Comment: 'another' }))).toBe(
      'StateMachineAlreadyExists',
    )
  })

  test('are refused where they cannot run, as Step Functions refuses them', () => {
    const world = new World()
    expect(refusalOf(() => make(world, { StartAt: 'Nowhere', States: {} }))).toBe('InvalidDefinition')
    expect(refusalOf(() => make(world, definition, { definition: '{' }))).toBe('InvalidDefinition')
    expect(refusalOf(() => make(world, definition, { name: 'a b' }))).toBe('InvalidName')
    expect(refusalOf(() => make(world, definition, { type: 'EXPRESS' }))).toBe('ValidationException')
  })

  test('let what runs go on when they are removed, and start nothing more', async () => {
    const world = new World()
    const { stateMachineArn } = make(world)
    const start = () =>
      world.request('StartExecution', { stateMachineArn, input: '{}' }) as { executionArn: string }
    const { executionArn } = start()
    world.request('DeleteStateMachine', { stateMachineArn })
    world.request('DeleteStateMachine', { stateMachineArn })
    expect(refusalOf(start)).toBe('StateMachineDoesNotExist')
    world.clock.advance(11)
    expect((await world.finish(executionArn)).status).toBe('SUCCEEDED')
    expect(make(world, { ...definition, Comment: 'another' }).stateMachineArn).toBe(stateMachineArn)
  })
})
