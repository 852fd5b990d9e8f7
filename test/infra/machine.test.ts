import { readFileSync } from 'node:fs'
import aslValidator from 'asl-validator'
import { describe, expect, test } from 'vitest'

interface Rule {
  readonly Condition: string
  readonly Next: string
}
interface State {
  readonly Type: 'Task' | 'Choice' | 'Succeed' | 'Fail'
  readonly Comment?: string
  readonly Resource?: string
  readonly TimeoutSeconds?: number | string
  readonly Arguments?: { readonly FunctionName: string; readonly Payload: Readonly<Record<string, string>> }
  readonly Assign?: Readonly<Record<string, string>>
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[]
  readonly Choices?: readonly Rule[]
  readonly Default?: string
  readonly Next?: string
}

const text = readFileSync(new URL('../../statemachines/upgrade.asl.json', import.meta.url), 'utf8')
// The validator below checks the form that is stated here.
const machine = JSON.parse(text) as {
  readonly QueryLanguage: string
  readonly StartAt: string
  readonly TimeoutSeconds: number
  readonly Comment?: string
  readonly States: Readonly<Record<string, State>>
}

const hub = 'What comes next?'
const plain = {
  'Where are we?': 'locate',
  'Plan the upgrade': 'plan',
  'Start the wave': 'start-wave',
  'Ask the log what was decided': 'tick',
  Finish: 'finish',
  'Roll back': 'revert',
}
const waits = {
  'Await approval': 'approval',
  'Await the window': 'window',
  'Await the wave': 'wave',
  'Let it bake': 'bake',
  'Await the gate': 'gate',
}
const ends = ['Continued by the next generation', 'Ended', 'This move is unknown']

const state = (name: string): State => {
  const found = machine.States[name]
  if (found === undefined) throw new Error(`There is no state "${name}".`)
  return found
}

describe('the state machine of an upgrade', () => {
  test('is valid Amazon States Language in JSONata', () => {
    expect(aslValidator(machine)).toMatchObject({ isValid: true, errors: [] })
    expect(machine.QueryLanguage).toBe('JSONata')
  })

  test('reads as a story: these states, each with a comment', () => {
    const names = [...Object.keys(plain), ...Object.keys(waits), hub, ...ends]
    expect(Object.keys(machine.States).sort()).toEqual(names.sort())
    expect(Object.entries(machine.States).filter(([, { Comment }]) => !Comment)).toEqual([])
    expect(machine.Comment).toBeDefined()
    expect(machine.StartAt).toBe('Where are we?')
  })

  test('ends by itself before AWS ends it after a year', () => {
    expect(machine.TimeoutSeconds).toBeLessThan(365 * 86_400)
    expect(machine.TimeoutSeconds).toBeGreaterThan(360 * 86_400)
  })

  test.each(Object.entries(plain))('"%s" asks the advance task to %s', (name, action) => {
    expect(state(name)).toMatchObject({
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: {
        FunctionName: `\${AdvanceFunction}`,
        Payload: {
          action,
          id: '{% $states.context.Execution.Input.id %}',
          generation: '{% $states.context.Execution.Input.generation %}',
        },
      },
      Assign: { position: '{% $states.result.Payload %}' },
      Next: hub,
    })
  })

  test.each(Object.entries(waits))(
    '"%s" keeps a token where the log leads to "%s", and times out into the log',
    (name, move) => {
      expect(machine.States[hub]?.Choices).toContainEqual({
        Condition: `{% $position.move = '${move}' %}`,
        Next: name,
      })
      expect(state(name)).toMatchObject({
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        TimeoutSeconds: '{% $position.timeoutSeconds %}',
        Arguments: {
          FunctionName: `\${AwaitFunction}`,
          Payload: {
            position: '{% $position %}',
            id: '{% $states.context.Execution.Input.id %}',
            generation: '{% $states.context.Execution.Input.generation %}',
            token: '{% $states.context.Task.Token %}',
          },
        },
        Assign: { position: '{% $states.result %}' },
        Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Ask the log what was decided' }],
        Next: hub,
      })
    },
  )

  test.each(Object.keys(plain))('an error of "%s" that persists fails the execution', (name) => {
    expect(state(name).Catch).toBeUndefined()
  })

  test('routes every move that the log may name', () => {
    const routed = (state(hub).Choices ?? []).map(({ Condition, Next }) => [moveOf(Condition), Next])
    expect(Object.fromEntries(routed)).toEqual({
      plan: 'Plan the upgrade',
      approval: 'Await approval',
      window: 'Await the window',
      'start-wave': 'Start the wave',
      wave: 'Await the wave',
      bake: 'Let it bake',
      gate: 'Await the gate',
      finish: 'Finish',
      revert: 'Roll back',
      superseded: 'Continued by the next generation',
      ended: 'Ended',
    })
    expect(state(hub).Default).toBe('This move is unknown')
  })
})

function moveOf(condition: string): string {
  const move = /^\{% \$position\.move = '([a-z-]+)' %\}$/.exec(condition)?.[1]
  if (move === undefined) throw new Error(`The condition ${condition} is not about a move.`)
  return move
}

/** Events that Step Functions writes for a state (AWS): entered and exited, and for a task what happens in between. */
function eventsOf(name: string): number {
  const { Type, Resource = '' } = state(name)
  if (Type !== 'Task') return 2
  // Scheduled, Started, Succeeded or TimedOut; a token wait is Submitted as well.
  return Resource.endsWith('.waitForTaskToken') ? 6 : 5
}

/** Follows the machine from a state, told how each task ends: by a position's move, or by a time-out. */
function follow(
  start: string,
  story: readonly (readonly [task: string, outcome: string])[],
): readonly string[] {
  const visited: string[] = []
  let at = start
  for (const [task, outcome] of story) {
    expect(at).toBe(task)
    visited.push(at)
    if (outcome === 'timeout') {
      at = state(at).Catch?.find(({ ErrorEquals }) => ErrorEquals.includes('States.Timeout'))?.Next ?? ''
      continue
    }
    at = state(at).Next ?? ''
    expect(at).toBe(hub)
    visited.push(at)
    at = state(hub).Choices?.find(({ Condition }) => moveOf(Condition) === outcome)?.Next ?? ''
  }
  return visited
}

describe('what a wave costs, however large (design: #bars): 15 transitions, 40 history events', () => {
  const baked = follow('Start the wave', [
    ['Start the wave', 'wave'],
    ['Await the wave', 'bake'],
    ['Let it bake', 'timeout'],
    ['Ask the log what was decided', 'gate'],
    ['Await the gate', 'start-wave'],
  ])

  test('with a bake and a gate: 9 transitions and 36 events', () => {
    expect(baked).toHaveLength(9)
    expect(baked.reduce((sum, name) => sum + eventsOf(name), 0)).toBe(36)
  })

  test('without them: 4 transitions and 15 events', () => {
    const short = follow('Start the wave', [
      ['Start the wave', 'wave'],
      ['Await the wave', 'start-wave'],
    ])
    expect(short).toHaveLength(4)
    expect(short.reduce((sum, name) => sum + eventsOf(name), 0)).toBe(15)
  })

  test('with a task that is retried once it stays within both', () => {
    // A retry is a transition (AWS) and adds Failed, Scheduled and Started.
    expect(baked.length + 1).toBeLessThanOrEqual(15)
    expect(baked.reduce((sum, name) => sum + eventsOf(name), 0) + 3).toBeLessThanOrEqual(40)
  })
})
