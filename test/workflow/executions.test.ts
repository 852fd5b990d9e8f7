import type { SFNClient } from '@aws-sdk/client-sfn'
import { describe, expect, test } from 'vitest'
import { openExecutions } from '../../functions/work/executions.ts'

function executionsThat(error: string | null) {
  const sent: object[] = []
  const send = async ({ input }: { input: object }) => {
    sent.push(input)
    if (error !== null) throw Object.assign(new Error(error), { name: error })
    return {}
  }
  const client = { send } as unknown as SFNClient // executions call nothing but `send`
  return { sent, executions: openExecutions({ client, machineArn: 'arn:machine' }) }
}

describe('starting an execution', () => {
  test('that was started before is fine, though it has ended since: its name makes it one', async () => {
    const { executions, sent } = executionsThat('ExecutionAlreadyExists')
    await expect(executions.start('u-1-1', { id: 'u-1' })).resolves.toBeUndefined()
    expect(sent).toEqual([{ stateMachineArn: 'arn:machine', name: 'u-1-1', input: '{"id":"u-1"}' }])
  })

  test('that failed otherwise fails: it is started again', async () => {
    const { executions } = executionsThat('ThrottlingException')
    await expect(executions.start('u-1-1', {})).rejects.toThrow('ThrottlingException')
  })
})
