import { describe, expect, test } from 'vitest'
import { INVOKE, task, tokenTask, World } from './world.ts'

const refusal = (states: Record<string, object>, more: object = {}) => {
  try {
    new World().machine(states, more)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return undefined
}
const pass = { Type: 'Pass', End: true }
const body = { StartAt: 'I', States: { I: pass } }
const map = (more: object) => ({ A: { Type: 'Map', ItemProcessor: body, End: true, ...more } })

describe('a definition is refused, naming the state and the field, for', () => {
  test.each<[string, Record<string, object>, string]>([
    [
      'a field of JSONPath',
      { A: { ...pass, InputPath: '$' } },
      "state 'A': field 'InputPath' belongs to JSONPath",
    ],
    ['Parameters', { A: task('f', { Parameters: {} }) }, "state 'A': field 'Parameters' belongs to JSONPath"],
    ['Result of JSONPath', { A: { ...pass, Result: 1 } }, "field 'Result' belongs to JSONPath"],
    ['an unknown field', { A: { ...pass, Colour: 1 } }, "state 'A': field 'Colour' is not implemented"],
    [
      'Credentials',
      { A: task('f', { Credentials: {} }) },
      "state 'A': field 'Credentials' is not implemented",
    ],
    [
      'JSONPath as the language',
      { A: { ...pass, QueryLanguage: 'JSONPath' } },
      "state 'A': field 'QueryLanguage'",
    ],
    ['an unknown type', { A: { Type: 'Sleep', End: true } }, `state 'A': field 'Type' is "Sleep"`],
    [
      'another resource',
      { A: task('f', { Resource: 'arn:aws:states:::sqs:sendMessage' }) },
      "state 'A': field 'Resource'",
    ],
    [
      'a bare function',
      { A: task('f', { Resource: 'arn:aws:lambda:x:1:function:f' }) },
      "state 'A': field 'Resource'",
    ],
    [
      'no FunctionName',
      { A: task('f', { Arguments: {} }) },
      "state 'A', field 'Arguments': field 'FunctionName'",
    ],
    [
      'other arguments',
      { A: task('f', { Arguments: { FunctionName: 'f', Qualifier: '1' } }) },
      "field 'Qualifier' is not",
    ],
    [
      'a dead Next',
      { A: { Type: 'Pass', Next: 'B' } },
      `state 'A': field 'Next' must name a state beside it, not "B"`,
    ],
    ['neither Next nor End', { A: { Type: 'Pass' } }, "state 'A': needs either field 'Next' or field 'End'"],
    ['both Next and End', { A: { Type: 'Pass', Next: 'A', End: true } }, "state 'A': needs either"],
    ['a state out of reach', { A: pass, B: pass }, "state 'B': no state leads to it"],
    [
      'broken JSONata',
      { A: { ...pass, Output: { x: '{% 1 + %}' } } },
      "state 'A': field 'Output/x' is not valid JSONata",
    ],
    [
      'a heartbeat as long as the timeout',
      { A: tokenTask('f', { TimeoutSeconds: 5, HeartbeatSeconds: 5 }) },
      "'HeartbeatSeconds'",
    ],
    ['a timeout of 0', { A: task('f', { TimeoutSeconds: 0 }) }, "state 'A': field 'TimeoutSeconds'"],
    ['Assign to states', { A: { ...pass, Assign: { states: 1 } } }, "state 'A': field 'Assign'"],
    ['a Wait for nothing', { A: { Type: 'Wait', End: true } }, "state 'A': needs either field 'Seconds'"],
    ['an empty Choices', { A: { Type: 'Choice', Choices: [] } }, "state 'A', field 'Choices'"],
    [
      'a JSONPath rule',
      { A: { Type: 'Choice', Choices: [{ Variable: '$.x', IsNull: true, Next: 'A' }] } },
      "field 'Choices[0]': field 'Variable' belongs to JSONPath",
    ],
    ['a Retry on a Pass', { A: { ...pass, Retry: [] } }, "state 'A': field 'Retry' is not implemented"],
    [
      'States.ALL among others',
      { A: task('f', { Retry: [{ ErrorEquals: ['States.ALL', 'E'] }] }) },
      "field 'Retry[0]': 'States.ALL'",
    ],
    [
      'States.ALL before the last',
      { A: task('f', { Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['E'] }] }) },
      "field 'Retry[0]'",
    ],
    [
      'a BackoffRate below 1',
      { A: task('f', { Retry: [{ ErrorEquals: ['E'], BackoffRate: 0.5 }] }) },
      "'BackoffRate'",
    ],
    [
      'ToleratedFailureCount',
      map({ ToleratedFailureCount: 1 }),
      "state 'A': field 'ToleratedFailureCount' is not implemented",
    ],
    [
      'a distributed Map',
      map({ ItemProcessor: { ...body, ProcessorConfig: { Mode: 'DISTRIBUTED' } } }),
      "'ProcessorConfig/Mode'",
    ],
    [
      'a name used twice',
      { ...map({ Next: 'I', End: undefined }), I: pass },
      "state 'I': its name is used twice",
    ],
    [
      'an outer variable set inside',
      map({
        Assign: { x: 1 },
        ItemProcessor: { StartAt: 'I', States: { I: { ...pass, Assign: { x: 1 } } } },
      }),
      "state 'I': field 'Assign' sets 'x'",
    ],
  ])('%s', (_, states, message) => {
    expect(refusal(JSON.parse(JSON.stringify(states)))).toContain(message)
  })
})

test('a machine without JSONata as its language needs it on every state', () => {
  expect(refusal({ A: pass }, { QueryLanguage: undefined })).toContain(
    "state 'A': field 'QueryLanguage' must be 'JSONata'",
  )
  expect(refusal({ A: { ...pass, QueryLanguage: 'JSONata' } }, { QueryLanguage: undefined })).toBeUndefined()
})

test('what is implemented is taken', () => {
  const T = {
    Type: 'Task',
    Comment: 'c',
    Resource: INVOKE,
    Arguments: { FunctionName: '{% "f" %}' },
    End: true,
  }
  expect(refusal({ T }, { Comment: 'c', Version: '1.0', TimeoutSeconds: 5 })).toBeUndefined()
})
