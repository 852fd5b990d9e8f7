import type { DynamoDBStreamEvent } from 'aws-lambda'
import { afterEach, expect, it, vi } from 'vitest'
import { reactor } from '../../functions/reactor/reactor.ts'
import { openWorld } from '../api/world.ts'

afterEach(() => vi.restoreAllMocks())

it('the reactor counts every commit that it hears of, and says so every quarter of a minute', async () => {
  const world = openWorld()
  await world.fleet(40)
  await world.settle()
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const said = () =>
    written.mock.calls
      .map(([line]) => String(line))
      .filter((line) => line.includes('ExternalAppends'))
      .map((line) => JSON.parse(line) as { ReactorAppends: number; ExternalAppends: number })
  const handler = reactor(world.services)
  const { records } = world.log
  // One commit a batch, as when they come trickling: a batch a second.
  for (const record of records) {
    await handler({ Records: [record] } as unknown as DynamoDBStreamEvent) // all that the reactor reads of it
    world.pass(1)
  }
  world.pass(15)
  await handler({ Records: [] } as DynamoDBStreamEvent)
  const total = said().reduce((sum, one) => sum + one.ReactorAppends + one.ExternalAppends, 0)
  expect(total).toBe(records.length)
  expect(said().length).toBeLessThan(records.length / 10)
})
