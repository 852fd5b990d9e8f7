import { readdirSync, readFileSync } from 'node:fs'
import aslValidator from 'asl-validator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { procedureDocument } from '../../events/procedure.ts'
import { machineOf, stateErrors } from '../../functions/domain/procedure/machine.ts'
import { definitionOf, withRetries } from '../../infra/constructs/definition.ts'
import { type Assembly, assembled, ofType } from './synthesized.ts'

interface Retrier {
  readonly Comment?: string
  readonly ErrorEquals: readonly string[]
  readonly MaxAttempts: number
  readonly MaxDelaySeconds: number
}

const folder = new URL('../../statemachines/', import.meta.url)
const files = readdirSync(folder)

/** Calls `look` with every object inside of a value that was read from JSON, and with its place in there. */
function eachObject(value: unknown, look: (one: Record<string, unknown>, place: string) => void, place = '') {
  if (typeof value !== 'object' || value === null) return
  look(value as Record<string, unknown>, place) // JSON knows no other objects
  for (const [name, inner] of Object.entries(value)) eachObject(inner, look, `${place}/${name}`)
}

/** Returns the retriers of every Task of a definition, wherever it is, with whether the Task waits for a token. */
function tasksOf(definition: unknown): { place: string; waits: boolean; Retry: readonly Retrier[] }[] {
  const tasks: ReturnType<typeof tasksOf> = []
  eachObject(definition, ({ Type, Resource, Retry = [] }, place) => {
    const waits = String(Resource).endsWith('.waitForTaskToken')
    if (Type === 'Task') tasks.push({ place, waits, Retry: Retry as readonly Retrier[] }) // or a test below fails
  })
  return tasks
}

const lambdaItself = [
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
]

describe('what a task tries again', () => {
  test.each(files)('is not written in %s, which tells the story alone', (file) => {
    const retries: string[] = []
    eachObject(JSON.parse(readFileSync(new URL(file, folder), 'utf8')), (one, place) => {
      if ('Retry' in one) retries.push(place)
    })
    expect(retries).toEqual([])
  })

  test('is added to every task, to those inside of a Parallel and a Map too', () => {
    const story = {
      StartAt: 'Both',
      States: {
        Both: { Type: 'Parallel', Branches: [{ StartAt: 'One', States: { One: { Type: 'Task' } } }] },
        Each: { Type: 'Map', ItemProcessor: { StartAt: 'Two', States: { Two: { Type: 'Task' } } } },
        Then: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken' },
      },
    }
    const tasks = tasksOf(withRetries(story))
    expect(tasks.map(({ place, Retry }) => [place.split('/').at(-1), Retry.length])).toEqual([
      ['One', 2],
      ['Two', 2],
      ['Then', 2],
    ])
  })

  test('stops the synthesis where a state brings its own', () => {
    const story = { StartAt: 'One', States: { One: { Type: 'Task', Retry: [] } } }
    expect(() => withRetries(story)).toThrow('The state "One" has a Retry')
  })
})

test('a procedure tries again as the machines of files do, beside what its steps decide', () => {
  const request = { method: 'POST', url: 'http://node.example/' }
  const steps = [{ id: 'call', name: 'Call', inverse: 'none', http: { request } }]
  const document = procedureDocument.parse({ steps })
  const made = tasksOf(
    machineOf('node', 1, document, {
      step: 'arn:aws:lambda:eu-central-1:000000000000:function:step',
      helm: 'arn:aws:lambda:eu-central-1:000000000000:function:helm',
    }),
  )
  const own = Object.values(stateErrors)
  const rules = (Retry: readonly Retrier[]) =>
    Retry.filter(({ ErrorEquals }) => !ErrorEquals.some((error) => own.some((one) => one === error))).map(
      ({ Comment: _, ...rule }) => rule,
    )
  const story = (Resource: string) =>
    withRetries({ StartAt: 'One', States: { One: { Type: 'Task', Resource } } })
  const [ordinary, waiting] = ['lambda:invoke', 'lambda:invoke.waitForTaskToken'].map((resource) =>
    rules(tasksOf(story(resource))[0]?.Retry ?? []),
  )
  expect(made.map(({ waits }) => waits)).toContain(true)
  for (const { place, waits, Retry } of made)
    expect({ place, rules: rules(Retry) }).toEqual({ place, rules: waits ? waiting : ordinary })
})

describe('every synthesized state machine', () => {
  let assembly: Assembly
  let definitions: unknown[]
  beforeAll(() => {
    assembly = assembled()
    definitions = ofType(assembly.template, 'AWS::StepFunctions::StateMachine').map(([, { Properties }]) => {
      const { Key } = Properties.DefinitionS3Location as { Key: string }
      return JSON.parse(readFileSync(assembly.asset(Key), 'utf8'))
    })
  })
  afterAll(() => assembly.remove())

  test('is one of a file, and valid Amazon States Language', () => {
    const made = files.map((file) => definitionOf(file.replace('.asl.json', '')))
    expect(definitions).toHaveLength(made.length)
    expect(definitions).toEqual(expect.arrayContaining(made))
    for (const definition of definitions)
      expect(aslValidator(definition)).toMatchObject({ isValid: true, errors: [] })
  })

  test('tries again what may pass, not for ever; a wait that times out has not failed: it is caught', () => {
    const tasks = definitions.flatMap(tasksOf)
    expect(tasks.length).toBeGreaterThan(10)
    for (const { place, waits, Retry } of tasks) {
      expect([place, ...Retry.map(({ ErrorEquals }) => ErrorEquals)]).toEqual([
        place,
        lambdaItself,
        waits ? ['States.TaskFailed'] : ['States.TaskFailed', 'States.Timeout'],
      ])
      for (const { MaxAttempts, MaxDelaySeconds } of Retry) {
        expect(MaxAttempts).toBeLessThanOrEqual(6)
        expect(MaxDelaySeconds).toBeLessThanOrEqual(60)
      }
    }
  })
})
