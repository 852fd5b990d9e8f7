import type { SFNClient } from '@aws-sdk/client-sfn'
import { describe, expect, test } from 'vitest'
import { openRedemption } from '../../functions/work/redemption.ts'

function redemptionThat(error: string) {
  const send = () => Promise.reject(Object.assign(new Error(error), { name: error }))
  return openRedemption({ send } as unknown as SFNClient) // redemption calls nothing but `send`
}

describe('redeeming a token', () => {
  test.each(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'])(
    'whose wait is over (%s) is fine: the log had decided',
    async (error) => {
      await expect(redemptionThat(error).succeed('token', {})).resolves.toBeUndefined()
      await expect(redemptionThat(error).fail('token', 'Superseded', 'another')).resolves.toBeUndefined()
    },
  )

  test('fails where Step Functions fails: it is redeemed again', async () => {
    await expect(redemptionThat('ThrottlingException').succeed('token', {})).rejects.toThrow('Throttling')
    await expect(redemptionThat('ThrottlingException').fail('token', 'a', 'b')).rejects.toThrow('Throttling')
  })
})
