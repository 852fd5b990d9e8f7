import { describe, expect, it } from 'vitest'
import { type Commit, fromImage } from '../../events/envelope.ts'
import { memoryLog } from '../../functions/log/memory.ts'
import { duties } from '../../functions/reactor/duties.ts'
import type { CollectingDuty, Duty } from '../../functions/reactor/duty.ts'
import { runDuties } from '../../functions/reactor/run.ts'
import { memoryParked } from '../../functions/work/parked.ts'
import { account, deposit, metadata } from '../log/account.ts'

/** Everything that happens to an account. */
const answers = { aggregate: account.name, types: ['Deposited'] }
const now = () => Date.parse('2026-03-01T12:00:00.000Z')

/** Two commits of one stream and one of another, in the order of their writing. */
async function commits(): Promise<readonly Commit[]> {
  const log = memoryLog({ now })
  for (const [stream, cents] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
  ] as const) {
    await log.execute(account, stream, deposit(cents, ''), metadata)
  }
  return log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
}

const throttled = () => Object.assign(new Error('slow down'), { name: 'ThrottlingException' })
const away = () => Object.assign(new Error('nobody listens'), { code: 'ECONNREFUSED' })
const unheardOf = () => new Error('whatever this is')
const broken = () => new TypeError('no such thing')

/** A duty that fails on the commits given, and remembers which ones it has done. */
function failingOn(fault: () => Error, ...named: readonly string[]) {
  const done: string[] = []
  const duty: Duty<unknown> = {
    name: 'pay',
    answers,
    async act({ stream, commit }) {
      if (named.includes(`${stream}@${commit}`)) throw fault()
      done.push(`${stream}@${commit}`)
    },
  }
  return { duty, done }
}

describe('the duties of the reactor', () => {
  it.each([throttled, away, unheardOf])(
    'come again for a stream when a service was away, and park nothing',
    async (fault) => {
      const parked = memoryParked(now)
      const { duty, done } = failingOn(fault, 'account#a@1')
      const again = await runDuties(await commits(), { single: [duty], collecting: [] }, { parked })
      // Who looks for the cause is told which duty it was, and what it met.
      expect([...again]).toEqual([['account#a', { duty: 'pay', error: expect.any(Error) }]])
      expect(done).toEqual(['account#b@1'])
      expect(await parked.list()).toEqual([])
    },
  )

  it('tell the bus of a commit once, however often what comes before has to come again', async () => {
    const parked = memoryParked(now)
    let away = 2
    const published: string[] = []
    const assign: Duty<unknown> = {
      name: 'assign-targets',
      answers,
      async act() {
        if (away-- > 0) throw throttled()
      },
    }
    const publish: Duty<unknown> = {
      name: 'publish-events',
      answers,
      async act({ stream, commit }) {
        published.push(`${stream}@${commit}`)
      },
    }
    let waiting = (await commits()).filter(({ stream }) => stream === 'account#a')
    while (waiting.length > 0) {
      const again = await runDuties(waiting, { single: [assign, publish], collecting: [] }, { parked })
      waiting = waiting.filter(({ stream }) => again.has(stream))
    }
    expect(published).toEqual(['account#a@1', 'account#a@2'])
    // The real ones act in that order: nothing that may have to come again follows the publication.
    const named = duties.single.map(({ name }) => name)
    const told = [
      'publish-upgrades',
      'publish-rollouts',
      'publish-profiles',
      'publish-releases',
      'publish-targets',
    ]
    expect(named.slice(-told.length)).toEqual(told)
  })

  it('are parked where they would fail for ever, and the rest goes on', async () => {
    const parked = memoryParked(now)
    const { duty, done } = failingOn(broken, 'account#a@1')
    const again = await runDuties(await commits(), { single: [duty], collecting: [] }, { parked })
    expect([...again]).toEqual([])
    expect(done.sort()).toEqual(['account#a@2', 'account#b@1'])
    expect(await parked.list()).toMatchObject([{ duty: 'pay', stream: 'account#a', commit: 1 }])
  })

  it.each([
    [throttled, ['account#a', 'account#b'], []],
    [broken, [], ['account#a', 'account#b']],
  ])('that collect fail for every stream they collected: %s', async (fault, expected, set) => {
    const parked = memoryParked(now)
    const duty: CollectingDuty<unknown> = {
      name: 'sum',
      answers,
      groupOf: () => 'all',
      async act() {
        throw fault()
      },
    }
    const again = await runDuties(await commits(), { single: [], collecting: [duty] }, { parked })
    expect([...again.keys()].sort()).toEqual(expected)
    expect((await parked.list()).map(({ stream }) => stream)).toEqual(set)
  })

  it('that collect set aside by itself what they cannot read, and collect the rest', async () => {
    const parked = memoryParked(now)
    const collected: string[] = []
    const duty: CollectingDuty<unknown> = {
      name: 'sum',
      answers,
      groupOf({ stream, commit }) {
        if (stream === 'account#a' && commit === 1) throw broken()
        return 'all'
      },
      async act(_group, concerned) {
        collected.push(...concerned.map(({ stream, commit }) => `${stream}@${commit}`))
      },
    }
    const again = await runDuties(await commits(), { single: [], collecting: [duty] }, { parked })
    expect([...again]).toEqual([])
    expect(collected.sort()).toEqual(['account#a@2', 'account#b@1'])
    expect(await parked.list()).toMatchObject([{ duty: 'sum', stream: 'account#a', commit: 1 }])
  })

  it('come again where they could not even be set aside', async () => {
    const away = { ...memoryParked(now), park: () => Promise.reject(throttled()) }
    const { duty, done } = failingOn(broken, 'account#a@1')
    const again = await runDuties(await commits(), { single: [duty], collecting: [] }, { parked: away })
    expect([[...again.keys()], done]).toEqual([['account#a'], ['account#b@1']])
  })

  it('act in the order of a stream, whatever the order of the records', async () => {
    const { duty, done } = failingOn(broken)
    const shuffled = (await commits()).toReversed()
    await runDuties(shuffled, { single: [duty], collecting: [] }, { parked: memoryParked(now) })
    expect(done.filter((commit) => commit.startsWith('account#a'))).toEqual(['account#a@1', 'account#a@2'])
  })
})
