import { describe, expect, test } from 'vitest'
import { outputOf, tokenTask, World } from './world.ts'

/** A world with one execution that waits for its token, which the function has handed out. */
async function waiting(
  more: object = {},
  states: Record<string, object> = {},
): Promise<{ world: World; arn: string; tokens: string[] }> {
  const world = new World().machine({ T: tokenTask('f', more), ...states })
  const tokens: string[] = []
  world.functions.set('f', ({ token }: { token: string }) => tokens.push(token))
  const arn = world.start()
  await world.settle(() => tokens.length > 0)
  await world.settle()
  return { world, arn, tokens }
}

const errorOf = (action: () => unknown) => {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('a task token', () => {
  test('succeeds its task with the output that is sent', async () => {
    const { world, arn, tokens } = await waiting()
    expect(world.describe(arn).status).toBe('RUNNING')
    world.request('SendTaskSuccess', { taskToken: tokens[0], output: '{"ok":1}' })
    expect(outputOf(await world.finish(arn))).toEqual({ ok: 1 })
    expect(world.types(arn)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ])
  })

  test('fails its task with the error that is sent', async () => {
    const { world, arn, tokens } = await waiting()
    world.request('SendTaskFailure', { taskToken: tokens[0], error: 'Refused', cause: 'by hand' })
    expect(await world.finish(arn)).toMatchObject({ status: 'FAILED', error: 'Refused', cause: 'by hand' })
  })

  test('can be used while its function still runs', async () => {
    const world = new World().machine({ T: tokenTask('f') })
    world.functions.set('f', async ({ token }: { token: string }) => {
      world.request('SendTaskSuccess', { taskToken: token, output: '7' })
    })
    expect(outputOf(await world.run())).toBe(7)
  })

  test('that is used twice, or after its execution was stopped, is TaskTimedOut', async () => {
    const { world, tokens } = await waiting()
    world.request('SendTaskSuccess', { taskToken: tokens[0], output: '1' })
    const late = { type: 'TaskTimedOut', message: "Task Timed Out: 'Provided task does not exist anymore'" }
    expect(
      errorOf(() => world.request('SendTaskSuccess', { taskToken: tokens[0], output: '2' })),
    ).toMatchObject(late)
    const stopped = await waiting()
    stopped.world.request('StopExecution', { executionArn: stopped.arn })
    expect(
      errorOf(() => stopped.world.request('SendTaskHeartbeat', { taskToken: stopped.tokens[0] })),
    ).toMatchObject(late)
  })

  test('that was never issued is TaskDoesNotExist, and one that cannot be one InvalidToken', async () => {
    const { world, tokens } = await waiting()
    const other = `AQC${'A'.repeat(64)}`
    expect(other).toHaveLength(tokens[0]?.length ?? 0)
    expect(errorOf(() => world.request('SendTaskFailure', { taskToken: other }))).toMatchObject({
      type: 'TaskDoesNotExist',
    })
    expect(errorOf(() => world.request('SendTaskFailure', { taskToken: 'x' }))).toMatchObject({
      type: 'InvalidToken',
      message: "Invalid Token: 'Invalid token'",
    })
  })

  test('takes JSON only', async () => {
    const { world, tokens } = await waiting()
    expect(
      errorOf(() => world.request('SendTaskSuccess', { taskToken: tokens[0], output: '{' })),
    ).toMatchObject({ type: 'InvalidOutput' })
  })

  test('is another one after a retry, and the first is void', async () => {
    const { world, arn, tokens } = await waiting({
      TimeoutSeconds: 10,
      Retry: [{ ErrorEquals: ['States.Timeout'] }],
    })
    world.clock.advance(10)
    await world.settle()
    world.clock.advance(1)
    await world.settle(() => tokens.length === 2)
    expect(
      errorOf(() => world.request('SendTaskSuccess', { taskToken: tokens[0], output: '1' })),
    ).toMatchObject({ type: 'TaskTimedOut' })
    world.request('SendTaskSuccess', { taskToken: tokens[1], output: '2' })
    expect(outputOf(await world.finish(arn))).toBe(2)
  })
})

describe('a heartbeat', () => {
  test('that is missed times the task out', async () => {
    const { world, arn } = await waiting({ TimeoutSeconds: 1000, HeartbeatSeconds: 10 })
    const ended = await world.finish(arn)
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.HeartbeatTimeout' })
    expect((ended.stopDate ?? 0) - ended.startDate).toBe(10)
  })

  test('that comes in time gives the task as long again', async () => {
    const { world, arn, tokens } = await waiting({ TimeoutSeconds: 25, HeartbeatSeconds: '{% 10 %}' })
    for (let beat = 0; beat < 2; beat++) {
      world.clock.advance(9)
      await world.settle()
      world.request('SendTaskHeartbeat', { taskToken: tokens[0] })
    }
    const ended = await world.finish(arn)
    expect(ended).toMatchObject({ error: 'States.Timeout' })
    expect((ended.stopDate ?? 0) - ended.startDate).toBe(25)
  })

  test('that is due counts as missed even before its timer came', async () => {
    const { world, tokens } = await waiting({ HeartbeatSeconds: 10 })
    world.clock.advance(10)
    expect(errorOf(() => world.request('SendTaskHeartbeat', { taskToken: tokens[0] }))).toMatchObject({
      type: 'TaskTimedOut',
    })
  })
})
