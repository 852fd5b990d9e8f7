import type { SchedulerClient } from '@aws-sdk/client-scheduler'
import { describe, expect, test } from 'vitest'
import { openWindowSchedules } from '../../functions/work/window-scheduler.ts'

interface Sent {
  readonly command: string
  readonly input: unknown
}

/** Opens schedules over a client that keeps what it is sent and answers by the given function. */
function opened(answer: (sent: Sent) => unknown = () => ({})) {
  const sent: Sent[] = []
  const client = {
    async send(command: { constructor: { name: string }; input: unknown }) {
      const one = { command: command.constructor.name, input: command.input }
      sent.push(one)
      return answer(one)
    },
  } as unknown as SchedulerClient // nothing but `send` is called
  const schedules = openWindowSchedules(client, {
    group: 'drydock',
    functionArn: 'function',
    roleArn: 'role',
    deadLetterArn: 'queue',
  })
  return { schedules, sent }
}

const failing = (name: string) => () => {
  throw Object.assign(new Error(name), { name })
}
const firing = { name: 'window-p-1', at: '2026-03-08T07:00:00.000Z', input: { a: 1 }, maximumAge: 14_400 }

describe('schedules of windows with EventBridge Scheduler', () => {
  test('a firing is one at() in UTC that deletes itself, named after its window', async () => {
    const { schedules, sent } = opened()
    await schedules.create(firing)
    expect(sent).toEqual([
      {
        command: 'CreateScheduleCommand',
        input: {
          GroupName: 'drydock',
          Name: 'window-p-1',
          ScheduleExpression: 'at(2026-03-08T07:00:00)',
          ScheduleExpressionTimezone: 'UTC',
          ActionAfterCompletion: 'DELETE',
          FlexibleTimeWindow: { Mode: 'OFF' },
          Target: {
            Arn: 'function',
            RoleArn: 'role',
            Input: '{"a":1}',
            DeadLetterConfig: { Arn: 'queue' },
            RetryPolicy: { MaximumEventAgeInSeconds: 14_400, MaximumRetryAttempts: 185 },
          },
        },
      },
    ])
  })

  test('one that is there already, or gone already, is as it should be; other errors are told', async () => {
    await opened(failing('ConflictException')).schedules.create(firing)
    await opened(failing('ResourceNotFoundException')).schedules.remove('window-p-1')
    await expect(opened(failing('ThrottlingException')).schedules.create(firing)).rejects.toThrow(
      'Throttling',
    )
    await expect(opened(failing('ThrottlingException')).schedules.remove('x')).rejects.toThrow('Throttling')
  })

  test('all pages of a list are read', async () => {
    const { schedules, sent } = opened(({ input }) => {
      const { NextToken } = input as { NextToken?: string } // what a list is asked with
      return NextToken === undefined
        ? { Schedules: [{ Name: 'a' }], NextToken: 'more' }
        : { Schedules: [{ Name: 'b' }] }
    })
    expect(await schedules.list('window-p-')).toEqual(['a', 'b'])
    expect(sent[0]?.input).toMatchObject({ GroupName: 'drydock', NamePrefix: 'window-p-' })
  })
})
