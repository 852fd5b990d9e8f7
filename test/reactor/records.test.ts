import type { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import type { DynamoDBStreamEvent } from 'aws-lambda'
import { afterEach, expect, it, vi } from 'vitest'
import { reactor } from '../../functions/reactor/reactor.ts'
import { deployed, openWorld } from '../api/world.ts'

afterEach(() => vi.restoreAllMocks())

it('a record that is no commit is named, and keeps no other from being acted upon', async () => {
  const world = openWorld()
  await world.fleet(3)
  const [first, ...rest] = world.log.records
  const broken = { ...first, dynamodb: { ...first?.dynamodb, NewImage: { stream: { S: 'target#a' } } } }
  const said = vi.spyOn(console, 'error').mockReturnValue()
  const count = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const handler = reactor(world.services)
  const batch = { Records: [broken, ...rest] } as unknown as DynamoDBStreamEvent // all that the reactor reads of it
  expect(await handler(batch)).toEqual({ batchItemFailures: [] })
  const { stream, commit } = first?.dynamodb?.Keys ?? {}
  expect(said.mock.calls).toMatchObject([
    [{ message: 'A record is no commit.', stream: stream?.S, commit: Number(commit?.N) }],
  ])
  const counted = count.mock.calls.map(([line]) => JSON.parse(String(line)) as { ExternalAppends?: number })
  expect(counted.find(({ ExternalAppends }) => ExternalAppends)?.ExternalAppends).toBe(rest.length)
})

it('what a duty could not do now is named with the duty and the cause, and comes again', async () => {
  const world = openWorld()
  await world.fleet(3)
  await world.settle()
  const said = vi.spyOn(console, 'warn').mockReturnValue()
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const denied = () =>
    Promise.reject(Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' }))
  const client = { send: denied } as unknown as EventBridgeClient // all that is asked of it
  const handler = reactor({ ...world.services, bus: { ...world.services.bus, client } })
  await deployed(world)
  const { records } = world.log
  const answer = await handler({ Records: records } as unknown as DynamoDBStreamEvent) // all that the reactor reads of it
  expect(answer?.batchItemFailures.length).toBeGreaterThan(0)
  expect(said.mock.calls[0]?.[0]).toMatchObject({
    message: 'A duty was put off.',
    duty: expect.stringMatching(/^publish-/),
    stream: expect.stringContaining('#'),
    error: expect.stringContaining('not authorized'),
  })
})
