import { DatabaseSync } from 'node:sqlite'
import { expect, it, vi } from 'vitest'
import { openAsynchronousInvocations } from '../../../infra/local/lambda/asynchronous.ts'
import type { LocalFunction } from '../../../infra/local/lambda/function.ts'
import { openQueues } from '../../../infra/local/queues/queue.ts'
import { movableClock } from '../schedules/movable-clock.ts'

const arnOf = (name: string) => `arn:aws:lambda:eu-central-1:000000000000:function:${name}`

it('what one function cannot keep up with keeps no other waiting, as each has a queue of its own', async () => {
  const clock = movableClock()
  const database = new DatabaseSync(':memory:')
  const slow = vi.fn(() => new Promise<never>(() => {}))
  const quick = vi.fn(async () => null)
  const functions = new Map(
    Object.entries({ slow, quick }).map(([name, invoke]) => [
      arnOf(name),
      { arn: arnOf(name), invoke } as unknown as LocalFunction, // what is invoked of it
    ]),
  )
  const invocations = openAsynchronousInvocations({
    ...{ database, clock, functions, queues: openQueues(database, clock) },
  })
  for (let event = 0; event < 200; event++) invocations.add(arnOf('slow'), event)
  for (let event = 0; event < 40; event++) invocations.add(arnOf('quick'), event)
  invocations.resume()
  await vi.waitFor(() => expect(quick).toHaveBeenCalledTimes(40))
  expect(quick.mock.calls).toEqual(Array.from({ length: 40 }, (_, event) => [event]))
  expect(slow.mock.calls.length).toBeLessThan(64)
})
