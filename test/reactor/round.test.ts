import { describe, expect, it } from 'vitest'
import { partsOf } from '../../events/stream.ts'
import { goRound } from '../../functions/reactor/reconcile.ts'
import { type Round, roundFrom, streamsAfter } from '../../functions/reactor/round.ts'
import { OnTheirOwn } from '../../functions/side-by-side.ts'
import { readPointer } from '../../functions/views/pointer.ts'
import { deployed, openWorld, type World } from '../api/world.ts'
import { plainFold, sorted } from '../views/plain-fold.ts'

const day = 86_400

/** A world with some upgrades, and what a reconciliation reaches in it. */
async function opened() {
  const world = openWorld()
  await world.fleet(20)
  for (const id of ['cust_0001', 'cust_0002', 'cust_0003'])
    await deployed(world, { component: 'api', version: 'v1.2.0', strategy: 'all', targets: { ids: [id] } })
  await world.settle()
  const services = { ...world.services, viewStore: world.viewStore, pause: async () => {} }
  const streams = await Array.fromAsync(streamsAfter(world.log, null), ({ stream }) => stream)
  /** One invocation, which takes pages of this size and has time for any number of them, unless it is killed when it notes so many. */
  const invoke = async (
    asked: { start?: true; rebuild?: true } = {},
    { size = 4, killedAt = Infinity } = {},
  ) => {
    const each = new OnTheirOwn()
    let noted = 0
    const progress: typeof services.progress = {
      read: () => services.progress.read(),
      async note(body, writes) {
        if (++noted === killedAt) throw new Error('killed')
        return services.progress.note(body, writes)
      },
    }
    const result = await goRound({ ...services, progress }, asked, each, { size })
    each.end()
    return result
  }
  const known = async (): Promise<Round> => roundFrom((await services.progress.read())?.body ?? '')
  return { world, services, streams, invoke, known }
}

/** The streams of which commits are read, in their order. */
function watchReads({ log }: World): string[] {
  const read: string[] = []
  const { commits } = log
  log.commits = (stream, ...more) => {
    if (read.at(-1) !== stream) read.push(stream)
    return commits(stream, ...more)
  }
  return read
}

describe('a round of the reconciliation', () => {
  it('goes through every stream: upgrades and profiles first, targets last', async () => {
    const { streams, invoke } = await opened()
    const kinds = [...new Set(streams.map((stream) => partsOf(stream).kind))]
    expect([kinds[0], kinds.at(-1)]).toEqual(['upgrade', 'target'])
    const { round } = await invoke()
    expect(round).toMatchObject({ stage: 'over', found: { streams: streams.length, upgrades: 3, drift: 0 } })
  })

  it('goes on after the last page that was noted, however often it is killed', async () => {
    const { world, streams, invoke, known } = await opened()
    const read = watchReads(world)
    let calls = 0
    // Each notes that it goes on, then one page, and is killed when it would note the next.
    while ((await invoke({}, { killedAt: 3 }).catch(() => undefined))?.round.stage !== 'over') {
      calls++
      world.pass(301)
      if (calls > 2 * streams.length) throw new Error('It never ends.')
    }
    expect(calls).toBeGreaterThan(streams.length / 8)
    expect((await known()).found).toMatchObject({ streams: streams.length, upgrades: 3, failed: 0 })
    // No page is read a third time: what was noted is not begun anew.
    const times = Object.values(Object.groupBy(read, (stream) => stream)).map((reads) => reads?.length ?? 0)
    expect(Math.max(...times)).toBeLessThanOrEqual(6)
    expect(new Set(read)).toEqual(new Set(streams))
  })

  it('goes on at the next call where an invocation runs out of time', async () => {
    const { services, streams, known } = await opened()
    let calls = 0
    do {
      const each = new OnTheirOwn()
      await goRound(services, {}, each, { size: 4, forSoLong: calls === 0 ? 0 : 1 })
      each.end()
      calls++
    } while ((await known()).stage !== 'over' && calls < 100)
    expect((await known()).found.streams).toBe(streams.length)
  })

  it('is left alone by a second invocation while one is at it, which says how it stands', async () => {
    const { world, services, invoke } = await opened()
    const { commits } = world.log
    let second: Awaited<ReturnType<typeof invoke>> | undefined
    let refused: unknown
    world.log.commits = async function* (...asked) {
      if (!second) {
        second = await invoke({ start: true })
        refused = await invoke({ rebuild: true }).catch((error: unknown) => error)
      }
      yield* commits(...asked)
    }
    const { round } = await goRound(services, {}, new OnTheirOwn(), { size: 4 })
    expect(second).toMatchObject({ idle: true, round: { began: round.began, stage: 'walk' } })
    expect(String(refused)).toContain('Ask for the rebuild again when it is over.')
    expect(round.stage).toBe('over')
  })

  it('is taken over five minutes after its invocation was killed, and no sooner', async () => {
    const { world, invoke, known } = await opened()
    await expect(invoke({}, { killedAt: 3 })).rejects.toThrow('killed')
    world.pass(299)
    expect(await invoke()).toMatchObject({ idle: true })
    world.pass(2)
    expect(await invoke()).toMatchObject({ idle: false, round: { stage: 'over' } })
    expect((await known()).stage).toBe('over')
  })

  it('is noted by one of two that are at the same page', async () => {
    const { world, services, invoke, streams } = await opened()
    const { commits } = world.log
    let other: Awaited<ReturnType<typeof invoke>> | undefined
    world.log.commits = async function* (...asked) {
      if (!other) {
        // So slow that another takes over, and does it all.
        world.pass(301)
        other = await invoke()
      }
      yield* commits(...asked)
    }
    const { round } = await goRound(services, {}, new OnTheirOwn(), { size: 4 })
    expect(other?.round).toMatchObject({ stage: 'over', found: { streams: streams.length } })
    expect(round.stage).toBe('walk')
    expect(roundFrom((await services.progress.read())?.body ?? '')).toMatchObject({ stage: 'over' })
  })

  it('begins once a day by the clock, and whenever somebody asks for it', async () => {
    const { world, invoke } = await opened()
    const { round: first } = await invoke()
    world.pass(day - 1)
    expect(await invoke()).toEqual({ idle: true, round: first })
    const { round: asked } = await invoke({ start: true })
    expect(asked.began > first.began).toBe(true)
    world.pass(day)
    expect((await invoke()).idle).toBe(false)
  })
})

describe('a rebuild', () => {
  it('is read after a whole walk alone, however often it is killed, and then has what began meanwhile', async () => {
    const { world, invoke } = await opened()
    let calls = 0
    let flippedIn: string | undefined
    for (;;) {
      const before = await readPointer(world.viewStore)
      const done = await invoke({ rebuild: true }, { killedAt: 3 }).catch(() => undefined)
      const { version } = await readPointer(world.viewStore)
      if (version !== before.version) {
        const { stage, after } = roundFrom((await world.services.progress.read())?.body ?? '')
        flippedIn = `${stage} after ${partsOf(after?.stream ?? '').kind}`
      }
      if (done?.round.stage === 'over') break
      if (++calls === 4) {
        await world.call('POST', '/api/v1/targets', { body: { id: 'late', components: { api: 'v1.0.0' } } })
        await world.settle()
      }
      world.pass(301)
      if (calls > 100) throw new Error('It never ends.')
    }
    expect(calls).toBeGreaterThan(10)
    // The last page of its filling was not noted when it was killed, or the next stage had just been.
    expect(flippedIn).toMatch(/^(fill after target|walk after )$/)
    const { version, building } = await readPointer(world.viewStore)
    expect([version, building]).toEqual(['v2', null])
    expect(await world.services.views.getTarget('late')).toBeDefined()
    const rebuilt = world.viewStore.all().filter(({ view }) => view.startsWith('v2/'))
    expect(sorted(rebuilt)).toEqual(sorted(await plainFold(world.log, 'v2')))
  })

  it('that drifts ends its round, and the old version is still read', async () => {
    const { world, invoke, known } = await opened()
    const row = { view: 'v2/upgrades', row: 'nobody', version: 1, commit: 1, body: '{}' }
    const [own] = world.viewStore.all().filter(({ view }) => view === 'v1/upgrades')
    await world.viewStore.put({ ...row, row: own?.row ?? '', version: 99 }, undefined)
    await expect(invoke({ rebuild: true })).rejects.toThrow('the old one is still read')
    expect((await known()).stage).toBe('over')
    expect((await readPointer(world.viewStore)).version).toBe('v1')
  })
})
