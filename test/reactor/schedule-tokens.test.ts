import { SchedulerClient } from '@aws-sdk/client-scheduler'
import { expect, test } from 'vitest'
import { openWindowSchedules } from '../../functions/work/window-scheduler.ts'

/** Answers what is sent by these statuses, one after the other, and keeps the token of each sending. */
function clientAnswering(statuses: number[]) {
  const tokens: unknown[] = []
  const requestHandler = {
    async handle({ body }: { body: Uint8Array }) {
      tokens.push(JSON.parse(Buffer.from(body).toString()).ClientToken)
      const statusCode = statuses.shift() ?? 200
      return { response: { statusCode, headers: {}, body: new TextEncoder().encode('{}') } }
    },
    destroy() {},
  }
  const client = new SchedulerClient({
    ...{ region: 'eu-central-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
    // A handler is anything that answers a request.
    requestHandler: requestHandler as never,
  })
  const target = { group: 'g', functionArn: 'f', roleArn: 'r', deadLetterArn: 'q' }
  return { schedules: openWindowSchedules(client, target), tokens }
}

const firing = { name: 'window-p-1', at: '2026-03-08T07:00:00.000Z', input: {}, maximumAge: 600 }

test('a schedule that is made again after it was deleted is a new wish, never a repeat of the first', async () => {
  const { schedules, tokens } = clientAnswering([])
  await schedules.create(firing)
  await schedules.create(firing)
  expect(tokens).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)])
  expect(tokens[0]).not.toBe(tokens[1])
})

test('a call that is sent again bears the token that it had', async () => {
  const { schedules, tokens } = clientAnswering([500, 200])
  await schedules.create(firing)
  expect(tokens).toHaveLength(2)
  expect(tokens[0]).toBe(tokens[1])
})
