import { openStepFunctions } from '../../../infra/local/stepfunctions/engine.ts'
import { errorNamed, INVOKE, WAIT_FOR_TOKEN } from './world.ts'

/**
 * An engine to be killed: it starts executions named as its first number says and goes on, prints each that was
 * acknowledged, and redeems its own tokens. With a third argument it only finishes what others began. Waits are real, a thousand times as fast.
 */
const [file = '', first = '0', drain] = process.argv.slice(2)
const speed = 1000
// Later than every earlier round, as a machine's clock never runs backwards.
const origin = Date.parse('2026-01-05T00:00:00Z') + Number(first) * 100_000
const begun = performance.now()
const now = () => Math.floor(origin + (performance.now() - begun) * speed)
const clock = {
  speed,
  now,
  at(instant: number, action: () => void) {
    const timer = setTimeout(action, Math.max(0, instant - now()) / speed)
    return () => clearTimeout(timer)
  },
}

const engine = openStepFunctions({
  file,
  clock,
  async invoke(name, payload) {
    // The definition below is what sends these payloads.
    const { n, token, attempt } = payload as { n: number; token?: string; attempt?: number }
    await new Promise((resolve) => setImmediate(resolve))
    if (name === 'flaky' && attempt === 0) throw errorNamed('Flaky')
    if (token !== undefined) {
      try {
        await engine.request('SendTaskSuccess', { taskToken: token, output: JSON.stringify(n + 1) })
      } catch (error) {
        if (!(error instanceof Error && 'type' in error && error.type === 'TaskTimedOut')) throw error
      }
    }
    return n + 1
  },
  async emit(event) {
    console.log(`emitted ${JSON.stringify(event.detail)}`)
  },
})

const call = (FunctionName: string, n: string, more: object) => ({
  Type: 'Task',
  Resource: INVOKE,
  Arguments: { FunctionName, Payload: { n, attempt: '{% $states.context.State.RetryCount %}' } },
  Output: '{% $states.result.Payload %}',
  Retry: [{ ErrorEquals: ['Flaky'], IntervalSeconds: 1 }],
  ...more,
})

const stateMachineArn = engine.createStateMachine({
  name: 'crash',
  definition: {
    QueryLanguage: 'JSONata',
    StartAt: 'Plain',
    States: {
      Plain: call('flaky', '{% $states.input.n %}', { Next: 'Fan' }),
      Fan: {
        Type: 'Map',
        Items: '{% [$states.input, $states.input + 10, $states.input + 20] %}',
        MaxConcurrency: 2,
        ItemProcessor: { StartAt: 'Each', States: { Each: call('f', '{% $states.input %}', { End: true }) } },
        Output: '{% $sum($states.result) %}',
        Next: 'Pause',
      },
      Pause: { Type: 'Wait', Seconds: 2, Next: 'Ask' },
      Ask: {
        Type: 'Task',
        Resource: WAIT_FOR_TOKEN,
        Arguments: {
          FunctionName: 'ask',
          Payload: { n: '{% $states.input %}', token: '{% $states.context.Task.Token %}' },
        },
        End: true,
      },
    },
  },
})
engine.resume()
console.log('ready')

for (let n = Number(first); drain === undefined; n++) {
  await engine.request('StartExecution', { stateMachineArn, name: `e${n}`, input: JSON.stringify({ n }) })
  console.log(`acknowledged ${n}`)
  await new Promise((resolve) => setTimeout(resolve, 1))
}
