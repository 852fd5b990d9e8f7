import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, expect, test } from 'vitest'
import type { Commit } from '../../events/envelope.ts'
import { publicDetail } from '../../events/public.ts'
import { publishEvents } from '../../functions/reactor/publish-events.ts'

const bus = mockClient(EventBridgeClient)
const duty = publishEvents({ client: () => new EventBridgeClient(), busName: () => 'drydock' })

beforeEach(() => {
  bus.reset()
  bus.on(PutEventsCommand).resolves({ FailedEntryCount: 0 })
})

function commitOf(stream: string, ...events: readonly (readonly [type: string, data: object])[]): Commit {
  return {
    ...{ stream, commit: 7, version: 9, count: events.length, id: 'c', at: '2026-01-11T02:00:00.000Z' },
    ...{ actor: 'drydock', correlation: 'c', hash: '' },
    events: events.map(([type, data]) => ({ type, schema: 1, data: JSON.stringify(data) })),
  } as unknown as Commit // the parts of a commit that the duty reads
}

const sent = () =>
  bus.commandCalls(PutEventsCommand).flatMap(({ args: [{ input }] }) =>
    (input.Entries ?? []).map(({ DetailType, Detail = '' }) => ({
      DetailType,
      ...publicDetail.parse(JSON.parse(Detail)),
    })),
  )

test('an alert of a profile is heard of, with the profile and the upgrade that it is about', async () => {
  const deactivated = ['ProfileDeactivated', { reason: 'x', by: 'drydock' }] as const
  const commit = commitOf('profile#p1', deactivated, [
    'AlertRaised',
    { code: 'CRITICAL_DISK', upgrade: 'u1' },
  ])
  expect(duty.concerns(commit)).toBe(true)
  await duty.act(commit)
  expect(sent()).toMatchObject([
    {
      DetailType: 'AlertRaised',
      id: 'profile#p1@7.1',
      upgradeId: 'u1',
      profileId: 'p1',
      data: { code: 'CRITICAL_DISK', upgrade: 'u1' },
    },
  ])
})

test('an upgrade tells of itself', async () => {
  await duty.act(commitOf('upgrade#u1', ['UpgradePaused', { by: 'drydock', reason: '2 failed' }]))
  expect(sent()).toMatchObject([{ DetailType: 'UpgradePaused', upgradeId: 'u1' }])
  expect(sent()[0]).not.toHaveProperty('profileId')
})

test('nothing else of a profile is, nor of a target', () => {
  expect(duty.concerns(commitOf('profile#p1', ['WindowSkipped', {}]))).toBe(false)
  expect(duty.concerns(commitOf('target#t1', ['AlertRaised', {}]))).toBe(false)
})

test('what the bus refuses comes again', async () => {
  bus.on(PutEventsCommand).resolves({ FailedEntryCount: 1 })
  const alert = commitOf('profile#p1', ['AlertRaised', { code: 'UPGRADE_PAUSED', upgrade: 'u1' }])
  await expect(duty.act(alert)).rejects.toThrow('refused 1 of 1')
})
