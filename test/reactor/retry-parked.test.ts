import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { mockClient } from 'aws-sdk-client-mock'
import { describe, expect, it, vi } from 'vitest'
import { type Commit, fromImage } from '../../events/envelope.ts'
import { memoryLog } from '../../functions/log/memory.ts'
import { publishUpgrades } from '../../functions/reactor/publishing/publish.ts'
import { reactor } from '../../functions/reactor/reactor.ts'
import { retryParked } from '../../functions/reactor/retry-parked.ts'
import { runDuties } from '../../functions/reactor/run.ts'
import type { ReactorServices } from '../../functions/reactor/services.ts'
import { memoryParked } from '../../functions/work/parked.ts'
import { deployed, openWorld } from '../api/world.ts'
import { account, deposit, metadata } from '../log/account.ts'

const now = () => Date.parse('2026-03-01T12:00:00.000Z')
const away = () => Object.assign(new Error('slow down'), { name: 'ThrottlingException' })

/** Five commits of one account, and a duty that fails on those named, remembering the ones that it has done. */
async function accountOf(commits: number, fails: Map<number, () => Error>) {
  const log = memoryLog({ now })
  for (let cents = 1; cents <= commits; cents++) await log.execute(account, 'a', deposit(cents, ''), metadata)
  const done: number[] = []
  const pay = {
    name: 'pay',
    answers: { aggregate: account.name, types: ['Deposited'] },
    async act({ commit }: Commit) {
      const fault = fails.get(commit)
      if (fault) throw fault()
      done.push(commit)
    },
  }
  const services = { log, parked: memoryParked(now), now }
  const duties = { single: [pay], collecting: [] }
  const batch = log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
  const rows = async () => (await services.parked.list()).map(({ commit, error }) => [commit, error])
  return { services, duties, batch, done, fails, rows }
}

const broken = (words: string) => () => new TypeError(words)

describe('what is parked', () => {
  it('is done for every commit that failed, though each failed after the one before', async () => {
    const bus = mockClient(EventBridgeClient)
    bus
      .on(PutEventsCommand)
      .rejects(Object.assign(new Error('not your shape'), { name: 'ValidationException' }))
    const world = openWorld()
    await world.fleet(1)
    const id = await deployed(world, { component: 'api', version: 'v1.2.0', strategy: 'all' })
    for (const word of ['pause', 'resume'])
      await world.call('POST', `/api/upgrades/${id}/${word}`, { body: { reason: 'to look' } })
    const commits = await Array.fromAsync(world.log.commits(`upgrade#${id}`))
    const told = commits.filter(({ events }) =>
      events.some(({ type }) => (publishUpgrades.answers.types as string[]).includes(type)),
    )
    const services = { ...world.services, bus: { client: new EventBridgeClient(), name: 'drydock' } }
    await runDuties<ReactorServices>(told, { single: [publishUpgrades], collecting: [] }, services)
    expect(told.length).toBeGreaterThan(2)
    expect(await services.parked.list()).toMatchObject([{ commit: told[0]?.commit }])

    bus.reset()
    bus.on(PutEventsCommand).resolves({ FailedEntryCount: 0 })
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    expect(await reactor(services)({})).toBeUndefined()
    expect(write.mock.calls.join()).toContain('"Parked":1')
    write.mockRestore()
    const heard = bus
      .commandCalls(PutEventsCommand)
      .flatMap(({ args: [{ input }] }) => input.Entries ?? [])
      .map(({ Detail = '' }) => JSON.parse(Detail).commit)
    expect([...new Set(heard)]).toEqual(told.map(({ commit }) => commit))
    expect(await services.parked.list()).toEqual([])
  })

  it('moves on to the first that fails still, and the others after it are done', async () => {
    const { services, duties, batch, done, fails, rows } = await accountOf(
      5,
      new Map([1, 3, 5].map((commit) => [commit, broken('no such thing')])),
    )
    await runDuties(batch, duties, services)
    expect(await rows()).toEqual([[1, 'TypeError: no such thing']])
    fails.delete(1)
    fails.delete(5)
    fails.set(3, broken('still not'))
    await retryParked(duties, services)
    expect(await rows()).toEqual([[3, 'TypeError: still not']])
    expect(new Set(done)).toEqual(new Set([1, 2, 4, 5]))
    fails.clear()
    await retryParked(duties, services)
    expect([await rows(), new Set(done)]).toEqual([[], new Set([1, 2, 3, 4, 5])])
  })

  it('stops where a service is away, and goes on from there', async () => {
    const { services, duties, done, fails, rows } = await accountOf(4, new Map([[3, away]]))
    await services.parked.park('pay', 'account#a', 1, 'before')
    await retryParked(duties, services)
    expect([await rows(), done]).toEqual([[[3, 'ThrottlingException: slow down']], [1, 2]])
    fails.clear()
    await retryParked(duties, services)
    expect([await rows(), done]).toEqual([[], [1, 2, 3, 4]])
  })

  it('is not forgotten when it fails again while it is tried', async () => {
    const { services, duties, done, rows } = await accountOf(2, new Map())
    await services.parked.park('pay', 'account#a', 1, 'before')
    const act = duties.single[0]?.act
    const meanwhile = {
      ...duties,
      single: duties.single.map((duty) => ({
        ...duty,
        async act(commit: Commit) {
          await act?.(commit)
          if (commit.commit === 2) await services.parked.park('pay', 'account#a', 2, 'meanwhile')
        },
      })),
    }
    await retryParked(meanwhile, services)
    expect(await rows()).toEqual([[1, 'meanwhile']])
    await retryParked(duties, services)
    expect([await rows(), done]).toEqual([[], [1, 2, 1, 2]])
  })

  it('is tried twenty at a time, those first that were tried longest ago', async () => {
    let clock = now()
    const services = { log: memoryLog({ now }), parked: memoryParked(() => clock), now: () => clock }
    const tried: string[] = []
    const pay = {
      name: 'pay',
      answers: { aggregate: account.name, types: ['Deposited'] },
      async act({ stream }: Commit) {
        tried.push(stream)
        throw new TypeError('never')
      },
    }
    for (let number = 10; number < 35; number++) {
      await services.log.execute(account, `${number}`, deposit(1, ''), metadata)
      await services.parked.park('pay', `account#${number}`, 1, 'before')
    }
    await services.parked.park('project', 'target#a', 1, 'a view')
    for (let time = 0; time < 2; time++) {
      clock += 60_000
      await retryParked({ single: [pay], collecting: [] }, services)
      expect(tried).toHaveLength(20 * (time + 1))
    }
    expect(new Set(tried).size).toBe(25)
  })
})
