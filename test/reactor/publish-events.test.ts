import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, expect, test } from 'vitest'
import type { Commit } from '../../events/envelope.ts'
import { publicDetails } from '../../events/public.ts'
import { isAnswered } from '../../functions/reactor/duty.ts'
import {
  publishProfiles,
  publishReleases,
  publishTargets,
  publishUpgrades,
} from '../../functions/reactor/publishing/publish.ts'
import { memoryPublished } from '../../functions/work/published.ts'

const bus = mockClient(EventBridgeClient)
const published = memoryPublished()
const services = { bus: { client: new EventBridgeClient(), name: 'drydock' }, published }
const answers = (commit: Commit) =>
  [publishUpgrades, publishProfiles, publishReleases, publishTargets].some((duty) =>
    isAnswered(duty.answers, commit),
  )

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
    (input.Entries ?? []).map(({ DetailType = '', Detail = '', Time }) => {
      const detail = publicDetails[DetailType]?.parse(JSON.parse(Detail))
      return { DetailType, Time, ...detail }
    }),
  )

test('an alert of a profile is heard of, under its type and at its time', async () => {
  const summarised = ['UpgradeSummarised', {}] as const
  const commit = commitOf('profile#p1', summarised, ['AlertRaised', { code: 'CRITICAL_DISK', upgrade: 'u1' }])
  expect(answers(commit)).toBe(true)
  await publishProfiles.act(commit, services)
  expect(sent()).toMatchObject([
    {
      DetailType: 'AlertRaised',
      Time: new Date('2026-01-11T02:00:00.000Z'),
      id: 'profile#p1@7.1',
      profileId: 'p1',
      data: { code: 'CRITICAL_DISK', upgradeId: 'u1' },
    },
  ])
})

test('an upgrade tells of itself', async () => {
  const paused = commitOf('upgrade#u1', ['UpgradePaused', { by: 'drydock', reason: '2 failed' }])
  await publishUpgrades.act(paused, services)
  expect(sent()).toMatchObject([{ DetailType: 'UpgradePaused', upgradeId: 'u1' }])
  expect(sent()[0]).not.toHaveProperty('profileId')
})

test('a release tells where it may go', async () => {
  const blocked = ['ReleaseBlocked', { reason: 'it loses orders' }] as const
  const tested = ['ReleaseTested', { environment: 'staging', upgrade: 'u1' }] as const
  expect([
    answers(commitOf('release#api@1.2.0', tested, blocked)),
    answers(commitOf('release#api@1.2.0', tested)),
  ]).toEqual([true, false])
  await publishReleases.act(commitOf('release#api@1.2.0', tested, blocked), services)
  expect(sent()).toMatchObject([
    { DetailType: 'ReleaseBlocked', releaseId: 'api@1.2.0', data: { reason: 'it loses orders' } },
  ])
})

test('a target tells what somebody has to look after, and nothing of how it is upgraded', async () => {
  const ended = ['AttemptEnded', {}] as const
  const cloned = commitOf('target#t1', ended, ['TargetCloned', { sign: 'boot-ids', revision: 3 }])
  expect([answers(cloned), answers(commitOf('target#t1', ended))]).toEqual([true, false])
  await publishTargets.act(cloned, services)
  expect(sent()).toMatchObject([
    { DetailType: 'TargetCloned', targetId: 't1', id: 'target#t1@7.1', data: { sign: 'boot-ids' } },
  ])
})

test('the bus takes ten at a time, in the order of the log', async () => {
  const waves = Array.from({ length: 23 }, (_, wave) => ['WaveStarted', { wave }] as const)
  await publishUpgrades.act(commitOf('upgrade#u1', ...waves), services)
  const calls = bus.commandCalls(PutEventsCommand).map(({ args: [{ input }] }) => input.Entries?.length)
  expect(calls).toEqual([10, 10, 3])
  expect(sent()).toMatchObject(waves.map((_, place) => ({ id: `upgrade#u1@7.${place}` })))
})

test('nothing else of a profile is, nor of a target', () => {
  expect(answers(commitOf('profile#p1', ['WindowPlanned', {}]))).toBe(false)
  expect(answers(commitOf('target#t1', ['AlertRaised', {}]))).toBe(false)
})

test('what the bus refuses comes again', async () => {
  bus.on(PutEventsCommand).resolves({ FailedEntryCount: 1 })
  const alert = commitOf('profile#p1', ['AlertRaised', { code: 'UPGRADE_PAUSED', upgrade: 'u1' }])
  await expect(publishProfiles.act(alert, services)).rejects.toThrow('refused 1 of 1')
})
