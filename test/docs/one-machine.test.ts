import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { checkPattern } from '../../infra/local/events/check-pattern.ts'
import { openQueues } from '../../infra/local/queues/queue.ts'
import { validateMachine } from '../../infra/local/stepfunctions/validate.ts'
import { arn, queueUrls } from '../../infra/local/template/types/type.ts'
import { World } from '../local/stepfunctions/world.ts'
import { textOf } from './documents.ts'

const page = textOf('docs/one-machine.md')
const section = (title: string) => page.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? ''
const examples = (title: string): readonly (readonly [string])[] =>
  (/```json\n([\s\S]*?)```/.exec(section(title))?.[1] ?? '')
    .trim()
    .split('\n')
    .map((line) => [line] as const)

/** A machine whose one state is an example; where it leads to exists. */
const machineOf = (state: unknown) => ({
  QueryLanguage: 'JSONata',
  StartAt: 'A',
  States: { A: state, ...(JSON.stringify(state).includes('"Next":"S"') && { S: { Type: 'Succeed' } }) },
})

describe('what the page on one machine says', () => {
  test.each(examples('State machines'))('the state %s is refused', (example) => {
    expect(() => validateMachine('machine', machineOf(JSON.parse(example)))).toThrow(/state 'A'/)
  })

  test('a state without what is refused is taken', () => {
    expect(() => validateMachine('machine', machineOf({ Type: 'Pass', End: true }))).not.toThrow()
    expect(examples('State machines').length).toBeGreaterThan(10)
  })

  test('the operations that it names are answered, and no other', () => {
    const named = new Set([...section('State machines').matchAll(/`([A-Z]\w+)`/g)].map(([, name]) => name))
    named.delete('UnknownOperationException')
    const { engine } = new World()
    const known = [...named, 'CreateActivity', 'RedriveExecution', 'StartSyncExecution', 'TestState'].filter(
      (operation) => {
        try {
          void engine.request(String(operation), {})
          return true
        } catch (error) {
          return (error as { type?: string }).type !== 'UnknownOperationException' // what the engine throws
        }
      },
    )
    expect(known).toEqual([...named])
    expect(named.size).toBe(10)
  })

  const queues = openQueues(new DatabaseSync(':memory:'), {
    speed: 1,
    now: () => 0,
    at: () => {
      throw new Error('Nobody waits here.')
    },
  })
  queues.create(arn('sqs', 'letters'))
  const ask = (input: unknown) => queues.request('GetQueueAttributes', input)

  test.each(examples('Queues'))('the question %s to a queue is refused', (example) => {
    expect(() => ask(JSON.parse(example))).toThrow(
      expect.objectContaining({ type: expect.stringMatching(/^(InvalidParameterValue|QueueDoesNotExist)$/) }),
    )
  })

  test('a queue is asked how many messages it holds, and does nothing else', () => {
    const question = { QueueUrl: `${queueUrls}letters`, AttributeNames: ['ApproximateNumberOfMessages'] }
    expect(ask(question)).toEqual({ Attributes: { ApproximateNumberOfMessages: '0' } })
    expect(examples('Queues').length).toBeGreaterThan(5)
    const [named] = [...section('Queues').matchAll(/`([A-Z]\w+)`/g)].map(([, name]) => name)
    const others = ['ReceiveMessage', 'PurgeQueue', 'SendMessage', 'DeleteMessage', 'ListQueues']
    expect([named, ...others].filter((operation) => isKnown(String(operation), question))).toEqual([
      'GetQueueAttributes',
    ])
  })

  function isKnown(operation: string, input: unknown): boolean {
    try {
      queues.request(operation, input)
      return true
    } catch (error) {
      return (error as { type?: string }).type !== 'UnknownOperationException' // what the queues throw
    }
  }

  test.each(examples('Event patterns'))('the pattern %s is refused', (example) => {
    expect(() => checkPattern(JSON.parse(example))).toThrow()
  })
})
