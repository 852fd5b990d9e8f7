import { describe, expect, it, vi } from 'vitest'
import { goRound, reconcileAll } from '../../functions/reactor/reconcile.ts'
import { type Round, roundFrom } from '../../functions/reactor/round.ts'
import { OnTheirOwn } from '../../functions/side-by-side.ts'
import { deployed, openWorld } from '../api/world.ts'

const quarter = 15 * 60

/** A world with three upgrades in which a round is over, and what a reconciliation reaches in it. */
async function opened() {
  const world = openWorld()
  await world.fleet(20)
  const upgrades: string[] = []
  for (const id of ['cust_0001', 'cust_0002', 'cust_0003'])
    upgrades.push(
      await deployed(world, { component: 'api', version: 'v1.2.0', strategy: 'all', targets: { ids: [id] } }),
    )
  await world.settle()
  const { letters } = world.services
  Object.assign(letters, { upgrade: 0, reactor: 0 })
  /** Whatever is read of these upgrades fails; 'all': of every stream. */
  const failing = new Set<string>()
  const { log } = world.services
  const load: typeof log.load = async (aggregate, id, options) => {
    if (failing.has(id) || failing.has('all')) throw new Error('not authorized')
    return log.load(aggregate, id, options)
  }
  const services = { ...world.services, log: { ...log, load }, viewStore: world.viewStore }
  /** A quarter of an hour later it is called by the clock; answers with when the last round began, and how many streams failed. */
  const invoke = async (asked: { start?: true } = {}) => {
    world.pass(quarter)
    const { round } = await goRound(services, asked, new OnTheirOwn())
    expect(round.stage).toBe('over')
    return { began: round.began, failed: round.found.failed }
  }
  const known = async (): Promise<Round> => roundFrom((await services.progress.read())?.body ?? '')
  const first = await invoke()
  return { world, services, upgrades, letters, failing, invoke, known, first }
}

describe('a round begins by itself', () => {
  it('when dead letters have come since the last one began, once for all of them', async () => {
    const { invoke, letters, first } = await opened()
    expect(await invoke()).toEqual(first)
    letters.upgrade = 2
    const second = await invoke()
    expect(second.began > first.began).toBe(true)
    expect(await invoke()).toEqual(second)
    // One in another queue, of which there are fewer than of those that are known.
    letters.reactor = 1
    const third = await invoke()
    expect(third.began > second.began).toBe(true)
    expect(await invoke()).toEqual(third)
  })

  it('for none that was purged, and for the first that comes after that', async () => {
    const { invoke, letters, first } = await opened()
    letters.upgrade = 5
    const second = await invoke()
    expect(second.began > first.began).toBe(true)
    letters.upgrade = 0
    expect(await invoke()).toEqual(second)
    letters.upgrade = 1
    expect((await invoke()).began > second.began).toBe(true)
  })

  it('for what came while one was under way', async () => {
    const { services, invoke, letters, first } = await opened()
    letters.upgrade = 1
    const { commits } = services.log
    services.log.commits = async function* (...asked) {
      letters.upgrade = 2
      yield* commits(...asked)
    }
    const second = await invoke()
    expect(second.began > first.began).toBe(true)
    const third = await invoke()
    expect(third.began > second.began).toBe(true)
    expect(await invoke()).toEqual(third)
  })

  it('once where a round of before has noted no letters, and some lie there', async () => {
    const { services, invoke, letters, known, first } = await opened()
    const { letters: _, failing: __, ...before } = await known()
    await services.progress.note(JSON.stringify(before), (await services.progress.read())?.writes ?? 0)
    expect((await invoke()).began).toBe(first.began)
    letters.reactor = 7
    const second = await invoke()
    expect(second.began > first.began).toBe(true)
    expect(await invoke()).toEqual(second)
  })

  it('and asks no queue while one is under way', async () => {
    const { services, world } = await opened()
    const count = vi.spyOn(services.deadLetters, 'count')
    world.pass(quarter)
    await goRound(services, { start: true }, new OnTheirOwn(), { forSoLong: 0 })
    expect(count).toHaveBeenCalledTimes(2)
    await goRound(services, {}, new OnTheirOwn())
    expect(count).toHaveBeenCalledTimes(2)
  })
})

describe('queues that cannot be asked', () => {
  it('are named, and keep no round from being begun, or gone on with', async () => {
    const { world, services, letters, known, first } = await opened()
    letters.upgrade = 3
    const away = {
      queues: ['https://sqs/1/reactor', 'https://sqs/1/upgrade'],
      count: async (queue: string) => {
        if (queue.endsWith('upgrade')) throw new Error('not authorized')
        return 0
      },
    }
    const log = vi.spyOn(console, 'log').mockReturnValue()
    const call = (asked: object) => reconcileAll({ ...services, deadLetters: away }, asked)
    world.pass(quarter)
    const told = /^1 failed: the dead letters\. The first: SomeFailed: 1 failed: upgrade\. .* not authorized$/
    await expect(call({})).rejects.toThrow(told)
    expect((await known()).began).toBe(first.began)
    await expect(call({ start: true })).rejects.toThrow(told)
    expect(await known()).toMatchObject({ stage: 'over', letters: { reactor: 0, upgrade: 0 } })
    // What came meanwhile is seen once they answer.
    world.pass(quarter)
    const { began } = await known()
    expect((await reconcileAll(services, {})).began > began).toBe(true)
    log.mockRestore()
  })

  it('nor does a setting that is none', async () => {
    const { services } = await opened()
    const none = {
      ...services,
      get deadLetters(): never {
        throw new Error('The URL of a queue of SQS is none: "".')
      },
    }
    const log = vi.spyOn(console, 'log').mockReturnValue()
    await expect(reconcileAll(none, { start: true })).rejects.toThrow('The URL of a queue of SQS is none')
    expect(log).toHaveBeenCalledWith(expect.objectContaining({ stage: 'over' }))
    log.mockRestore()
  })
})

describe('streams that a round could not look after', () => {
  it('are looked after at each call until they are well, with no round for those that never are', async () => {
    const { world, upgrades, failing, invoke, first } = await opened()
    const [poison = '', other = ''] = upgrades
    failing.add(poison).add(other)
    const second = await invoke({ start: true })
    expect([second.began > first.began, second.failed]).toEqual([true, 2])
    expect(await invoke()).toEqual(second)
    failing.delete(other)
    expect(await invoke()).toEqual({ ...second, failed: 1 })
    const written = world.log.records.length
    for (let call = 0; call < 4; call++) expect(await invoke()).toEqual({ ...second, failed: 1 })
    expect(world.log.records).toHaveLength(written)
    failing.delete(poison)
    expect(await invoke()).toEqual({ ...second, failed: 0 })
  })

  it('and are too many to be named begin a round, when one of those that are named is well again', async () => {
    const { world, upgrades, failing, invoke, first } = await opened()
    await world.fleet(40)
    failing.add('all')
    const second = await invoke({ start: true })
    expect([second.began > first.began, second.failed > 20]).toEqual([true, true])
    // Nobody has any rights still.
    for (let call = 0; call < 4; call++) expect(await invoke()).toEqual(second)
    failing.clear()
    failing.add(upgrades[0] ?? '')
    const third = await invoke()
    expect([third.began > second.began, third.failed]).toEqual([true, 1])
    for (let call = 0; call < 4; call++) expect(await invoke()).toEqual(third)
  })
})
